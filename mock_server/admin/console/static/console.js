"use strict";
// Makes the pages live. Every page works without it; the server writes all of the HTML.
(() => {
  const WIDE = matchMedia("(min-width: 1200px)");
  const MOST_ROWS = 500;
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  /** Tell a screen reader. */
  const say = (text) => { find("#said").textContent = text; };

  /** Ask for the middle of a page. */
  async function fragment(url, options = {}) {
    const answer = await fetch(url, { ...options, headers: { "X-Fragment": "1" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { page, ok: answer.ok, url: answer.url };
  }

  /** Put what came in the place of what is there. */
  function swap(old, fresh) {
    fresh = document.adoptNode(fresh);
    old.replaceWith(fresh);
    prepare(fresh);
    return fresh;
  }

  // --- live traffic

  const live = { source: null, paused: false, last: 0 };

  function show(state, text) {
    const shown = find("[data-live-state]");
    if (shown) { shown.dataset.state = state; shown.textContent = text; }
  }

  function listen() {
    const list = find("[data-live]");
    stop();
    if (!list || live.paused || document.hidden) return;
    if ("frozen" in list.dataset) { show("paused", "Older exchanges"); return; }
    live.source = new EventSource(`${list.dataset.live}&after=${live.last}`);
    live.source.onopen = () => show("live", "Live");
    live.source.onerror = () => show("broken", "No connection; trying again");
    live.source.onmessage = (event) => arrive(list, JSON.parse(event.data));
  }

  function stop() {
    if (live.source) { live.source.close(); live.source = null; }
  }

  function arrive(list, { number, html }) {
    if (number <= live.last) return;
    live.last = number;
    const body = find("tbody", list);
    body.insertAdjacentHTML("afterbegin", html);
    body.firstElementChild.classList.add("new");
    while (body.rows.length > MOST_ROWS) body.deleteRow(-1);
    find("[data-empty]", list)?.remove();
  }

  function restart() {
    const list = find("[data-live]");
    if (!list) return;
    live.last = Number(list.dataset.last);
    listen();
  }

  function pause() {
    const button = find("[data-pause]");
    live.paused = !live.paused;
    button.setAttribute("aria-pressed", String(live.paused));
    button.textContent = live.paused ? "Go on" : "Pause";
    if (live.paused) { stop(); show("paused", "Paused"); } else listen();
    say(live.paused ? "Paused" : "Live");
  }

  // a hidden tab gives its connection back: browsers have six for each server
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  window.addEventListener("pagehide", stop);

  // --- the pane beside the list

  async function open(link, focus) {
    const pane = find("#pane");
    const { page } = await fragment(link.href);
    const article = find("article", page);
    if (!article) { location.href = link.href; return; }
    pane.replaceChildren(document.adoptNode(article));
    pane.hidden = false;
    pane.scrollTop = 0;
    find("[data-split]").classList.add("open");
    all(".row[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
    link.closest(".row").setAttribute("aria-current", "true");
    prepare(pane);
    if (focus) pane.focus({ preventScroll: true });
  }

  function close() {
    const pane = find("#pane");
    if (!pane || pane.hidden) return false;
    pane.hidden = true;
    find("[data-split]").classList.remove("open");
    const row = find(".row[aria-current]");
    if (row) { row.removeAttribute("aria-current"); find("a", row).focus(); }
    return true;
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (event.target.closest("[data-close]") && close()) { event.preventDefault(); return; }
    const row = event.target.closest(".exchanges .row");
    if (!row || String(getSelection())) return;
    const link = find("[data-open]", row);
    event.preventDefault();
    if (WIDE.matches && find("#pane")) open(link, true); else location.href = link.href;
  });

  function step(by) {
    const links = all(".row a[data-open], .operations .row > a");
    if (!links.length) return;
    const marked = links.indexOf(document.activeElement);
    const current = marked >= 0 ? marked : links.findIndex((link) => link.closest(".row[aria-current]"));
    const next = links[Math.min(Math.max(current + by, 0), links.length - 1)];
    next.focus();
    const pane = find("#pane");
    if (pane && !pane.hidden && "open" in next.dataset) open(next, false);
  }

  // --- keys

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "Escape") { if (typing) event.target.blur(); else close(); return; }
    if (typing) return;
    const act = {
      "/": () => find("[data-search]")?.focus(),
      j: () => step(1),
      k: () => step(-1),
      p: () => find("[data-pause]") && pause(),
      "?": () => find("#help").showModal(),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // --- forms

  let waiting = 0;

  /** Filter as one types: the address says what is shown. */
  async function refine(form) {
    const turn = ++waiting;
    const url = new URL(form.action);
    url.search = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value || name === "world"));
    const { page } = await fragment(url);
    if (turn !== waiting) return;
    const target = find(form.dataset.filter);
    swap(target, find(form.dataset.filter, page));
    history.replaceState(null, "", url);
    const count = all(`${form.dataset.filter} .row`).length;
    say(`${count} shown`);
    restart();
  }

  function delayed(act, milliseconds) {
    let timer = 0;
    return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), milliseconds); };
  }

  /** Send a form and put the answer's part in the place of the page's. */
  async function submit(form, event) {
    event.preventDefault();
    const button = event.submitter;
    const data = new FormData(form, button); // before the button is disabled, which would leave it out
    if (button) button.disabled = true;
    try {
      const { page, url } = await fragment(form.action, { method: "POST", body: new URLSearchParams(data) });
      const part = form.dataset.into === "closest" ? "article" : form.dataset.into;
      const old = form.dataset.into === "closest" ? form.closest(part) : find(part);
      const fresh = find(part, page);
      if (!fresh) { location.assign(url); return; }
      const put = swap(old, fresh);
      const said = find("[role=alert], [role=status]", put);
      if (said) said.scrollIntoView({ block: "nearest" });
      if (part === "#result" && !matchMedia("(min-width: 1001px)").matches) put.scrollIntoView();
    } catch {
      say("The server can't be reached");
    } finally {
      if (button) button.disabled = false;
    }
  }

  async function copy(button) {
    const text = find("code", button.parentElement).textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // no clipboard without a secure connection: select it, so that a key copies it
      getSelection().selectAllChildren(find("code", button.parentElement));
      say("Selected");
      return;
    }
    const word = button.textContent;
    button.textContent = "Copied";
    say("Copied");
    setTimeout(() => { button.textContent = word; }, 1500);
  }

  async function fill(button) {
    let url = button.dataset.fill;
    if (url.endsWith("salt=")) {
      button.salt = (button.salt || 0) + 1;
      url += button.salt;
    }
    url += `&media=${encodeURIComponent(find("#media").value)}`;
    const answer = await fetch(url, { credentials: "same-origin" });
    const text = await answer.text();
    if (answer.ok) find("#body").value = text; else say(text);
  }

  function fold(button) {
    const folded = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(folded));
    button.textContent = folded ? "Unfold" : "Fold";
    all(".json details details", button.closest(".content")).forEach((part) => { part.open = !folded; });
  }

  /** Give what the server wrote its behaviour. */
  function prepare(root) {
    all("[data-copy]", root).forEach((button) => button.addEventListener("click", () => copy(button)));
    all("[data-fold]", root).forEach((button) => button.addEventListener("click", () => fold(button)));
    all("[data-fill]", root).forEach((button) => { button.hidden = false; button.addEventListener("click", () => fill(button)); });
    all("form[data-into]", root).forEach((form) => form.addEventListener("submit", (event) => submit(form, event)));
    all("form[data-filter]", root).forEach((form) => {
      const soon = delayed(() => refine(form), 150);
      form.addEventListener("input", soon);
      form.addEventListener("submit", (event) => { event.preventDefault(); refine(form); });
    });
  }

  // on a phone the menu is closed until it is wanted
  if (matchMedia("(max-width: 760px)").matches) find(".menu").open = false;
  prepare(document);
  const button = find("[data-pause]");
  if (button) { button.hidden = false; button.addEventListener("click", pause); }
  restart();
})();
