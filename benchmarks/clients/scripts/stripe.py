"""Stripe's Python SDK: the life of a customer, charges, intents, and every list to its end."""

import stripe
from calls import ORIGIN, call, drain, finish

client = stripe.StripeClient(
    "sk_test_123", base_addresses={"api": ORIGIN, "files": ORIGIN, "connect": ORIGIN}, max_network_retries=0
).v1

made = call("customers.create", lambda: client.customers.create({"name": "Ann", "email": "ann@example.com"}))
id_ = made.id if made is not None else "cus_1"
call("customers.retrieve", lambda: client.customers.retrieve(id_))
call("customers.update", lambda: client.customers.update(id_, {"name": "Bob"}))
drain("customers.list", lambda: client.customers.list({"limit": 3}).auto_paging_iter())
deleted = call("customers.delete", lambda: client.customers.delete(id_))
call("customers.delete says deleted", lambda: deleted.deleted is True or 1 / 0)
intent = call("payment_intents.create", lambda: client.payment_intents.create({"amount": 2000, "currency": "usd"}))
call("payment_intents.create echoes", lambda: (intent.amount, intent.currency) == (2000, "usd") or 1 / 0)
call("payment_intents.confirm", lambda: client.payment_intents.confirm("pi_1"))
call("payment_intents.retrieve", lambda: client.payment_intents.retrieve("pi_1"))
call("charges.create", lambda: client.charges.create({"amount": 100, "currency": "eur", "source": "tok_visa"}))
call("refunds.create", lambda: client.refunds.create({"charge": "ch_1"}))
call("products.create", lambda: client.products.create({"name": "Chair"}))
call("prices.create", lambda: client.prices.create({"currency": "eur", "unit_amount": 5, "product": "prod_1"}))
call(
    "subscriptions.create", lambda: client.subscriptions.create({"customer": "cus_1", "items": [{"price": "price_1"}]})
)
call("invoices.create", lambda: client.invoices.create({"customer": "cus_1"}))
call("invoices.finalize_invoice", lambda: client.invoices.finalize_invoice("in_1"))
call(
    "checkout.sessions.create",
    lambda: client.checkout.sessions.create(
        {"mode": "payment", "success_url": "https://example.com", "line_items": [{"price": "p", "quantity": 1}]}
    ),
)
call("balance.retrieve", lambda: client.balance.retrieve())
for name in (
    "charges", "payment_intents", "refunds", "products", "prices", "subscriptions", "invoices", "events", "disputes", "payouts", "coupons",
    "balance_transactions", "plans", "tax_rates", "setup_intents", "webhook_endpoints", "accounts", "files", "quotes", "topups",
):  # fmt: skip
    service = getattr(client, name)
    drain(f"{name}.list", lambda service=service: service.list({"limit": 2}).auto_paging_iter())
for name in (
    "charges",
    "refunds",
    "products",
    "prices",
    "subscriptions",
    "invoices",
    "events",
    "disputes",
    "payouts",
    "coupons",
    "plans",
):
    service = getattr(client, name)
    call(f"{name}.retrieve", lambda service=service: service.retrieve("id_1"))
finish()
