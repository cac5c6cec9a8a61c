"use strict";
const findings = [...document.querySelectorAll(".finding")];
const list = document.querySelector("#findings");
const form = document.querySelector("#filter");
function show() {
  const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const level = form.level.value, by = form.by.value, groups = new Map();
  list.replaceChildren();
  for (const item of findings) {
    const text = item.textContent.toLowerCase();
    const fits = words.every(word => text.includes(word)) && (!level || item.dataset.level === level);
    if (!fits) continue;
    const key = item.dataset[by];
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  let count = 0;
  for (const key of [...groups.keys()].sort()) {
    const group = document.createElement("details"), head = document.createElement("summary");
    group.className = "group";
    group.open = true;
    head.textContent = `${key} (${groups.get(key).length})`;
    group.append(head, ...groups.get(key));
    list.append(group);
    count += groups.get(key).length;
  }
  document.querySelector("#shown").textContent = `${count} of ${findings.length} shown`;
}
form.hidden = false;
form.addEventListener("input", show);
form.addEventListener("submit", event => event.preventDefault());
for (const link of document.querySelectorAll("[data-find]")) {
  link.addEventListener("click", () => { form.text.value = link.dataset.find; show(); });
}
show();
