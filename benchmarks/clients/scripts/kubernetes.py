"""The official Kubernetes client, which refuses what lacks a required property: every method without a body."""

import kubernetes.client as k8s
from calls import ORIGIN, call, finish, try_methods

configuration = k8s.Configuration()
configuration.host = ORIGIN
configuration.api_key = {"BearerToken": "Bearer x", "authorization": "Bearer x"}
api = k8s.ApiClient(configuration)
LEFT = ("connect_", "watch_")
for name in (
    "CoreV1Api",
    "AppsV1Api",
    "BatchV1Api",
    "NetworkingV1Api",
    "RbacAuthorizationV1Api",
    "StorageV1Api",
    "VersionApi",
    "AutoscalingV2Api",
):
    try_methods(
        f"{name}.",
        getattr(k8s, name)(api),
        {"name": "web", "namespace": "default", "path": "a"},
        skip=lambda method: method.startswith(LEFT) or method.endswith(("_with_http_info", "_without_preload_content")),
    )
core = k8s.CoreV1Api(api)
pod = k8s.V1Pod(
    metadata=k8s.V1ObjectMeta(name="web"), spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="c", image="i")])
)
call("create_namespaced_pod", lambda: core.create_namespaced_pod("default", pod))
call("create_namespace", lambda: core.create_namespace(k8s.V1Namespace(metadata=k8s.V1ObjectMeta(name="team"))))


def pages() -> int:
    token, count = None, 0
    while token != "" and count < 50:
        token, count = core.list_namespaced_pod("default", _continue=token).metadata._continue or "", count + 1
    return count if count < 50 else 1 // 0


call("list_namespaced_pod by continue", pages)
finish()
