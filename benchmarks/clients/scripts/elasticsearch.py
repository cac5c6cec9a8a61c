"""Elasticsearch's Python client, which asks in its vendor's media type and for its product's header."""

from calls import ORIGIN, call, finish
from elasticsearch import Elasticsearch

client = Elasticsearch(ORIGIN, api_key="a", max_retries=0, retry_on_timeout=False)
call("info", client.info)
call("ping", client.ping)
call("index", lambda: client.index(index="books", id="1", document={"a": 1}))
call("get", lambda: client.get(index="books", id="1"))
call("exists", lambda: client.exists(index="books", id="1"))
call("search", lambda: client.search(index="books", query={"match_all": {}}))
call("count", lambda: client.count(index="books"))
call("mget", lambda: client.mget(index="books", ids=["1"]))
call("update", lambda: client.update(index="books", id="1", doc={"a": 2}))
call("delete", lambda: client.delete(index="books", id="1"))
call("indices.create", lambda: client.indices.create(index="books"))
call("indices.exists", lambda: client.indices.exists(index="books"))
call("indices.get", lambda: client.indices.get(index="books"))
call("indices.delete", lambda: client.indices.delete(index="books"))
call("bulk", lambda: client.bulk(operations=[{"index": {"_index": "books"}}, {"a": 1}]))
finish()
