using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Tests.Policy.Http;
using static WireGate.Core.Tests.Policy.Kubernetes.KubernetesHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Kubernetes;

/// <summary>
/// Which deny is touched by which request that says its verb or its resource otherwise: by those that do to an object what is denied, or tell of it what may not be read.
/// </summary>
internal sealed class KubernetesDenyTests
{
    private const string Shop = "/api/v1/namespaces/shop", Pods = Shop + "/pods", Web = "/apis/apps/v1/namespaces/shop/deployments/web", Node = "/api/v1/nodes/n1/proxy";

    // What is read: a watch begins with all that a list has, and that has of each object what a get has.
    [TestCase("list", "pods", "GET " + Pods + "?watch=1", true)]
    [TestCase("list", "pods", "GET " + Pods + "?watch=1&resourceVersion=7", true)]
    [TestCase("list", "pods", "GET /api/v1/watch/namespaces/shop/pods", true)]
    [TestCase("list", "pods", "GET " + Pods + "?watch=0", true)]
    [TestCase("get", "pods", "GET " + Pods, true)]
    [TestCase("get", "pods", "GET " + Pods + "?fieldSelector=metadata.name=web", true)]
    [TestCase("get", "pods", "GET " + Pods + "?watch=1&fieldSelector=metadata.name=web", true)]
    [TestCase("get", "pods", "GET /api/v1/watch/namespaces/shop/pods/web", true)]
    [TestCase("get", "pods", "GET /api/v1/pods", true)]
    [TestCase("get", "pods", "HEAD " + Pods + "/web", true)]

    // Who may not list may read what he can name: that is what it is denied for. A list does not stream.
    [TestCase("list", "pods", "GET " + Pods + "/web", false)]
    [TestCase("list", "pods", "GET " + Pods + "/web?watch=1", false)]
    [TestCase("watch", "pods", "GET " + Pods, false)]
    [TestCase("watch", "pods", "GET " + Pods + "/web", false)]

    // The same objects in another group.
    [TestCase("list", "events", "GET /apis/events.k8s.io/v1/namespaces/shop/events", true)]
    [TestCase("list", "events.events.k8s.io", "GET /api/v1/namespaces/shop/events", true)]
    [TestCase("delete", "deployments.apps", "DELETE /apis/extensions/v1beta1/namespaces/shop/deployments/web", true)]
    [TestCase("delete", "ingresses.networking.k8s.io", "DELETE /apis/extensions/v1beta1/namespaces/shop/ingresses/web", true)]
    [TestCase("delete", "deployments.apps", "DELETE /apis/example.org/v1/namespaces/shop/deployments/web", false)]
    [TestCase("create", "bindings", "POST " + Pods + "/web/binding", true)]
    [TestCase("create", "bindings", "POST " + Pods + "/web/eviction", false)]

    // What a PATCH changes is updated, and the other way round: API servers have one operation for both.
    [TestCase("update", "deployments.apps", "PATCH " + Web, true)]
    [TestCase("patch", "deployments.apps", "PUT " + Web, true)]
    [TestCase("update", "deployments.apps", "PATCH " + Web + "/status", true)]
    [TestCase("update", "deployments.apps", "DELETE " + Web, false)]
    [TestCase("update", "deployments.apps", "POST /apis/apps/v1/namespaces/shop/deployments", false)]

    // An apply makes what is not there. So does a PUT of few kinds, for which the README has it that update is to be denied as well; a PATCH of another type never.
    [TestCase("create", "deployments.apps", "PATCH " + Web + " apply", true)]
    [TestCase("update", "deployments.apps", "PATCH " + Web + " apply", true)]
    [TestCase("create", "deployments.apps", "PATCH " + Web, false)]
    [TestCase("create", "deployments.apps", "PUT " + Web, false)]

    // What is deleted: by an eviction, and with a collection. Not what goes with a namespace or an owner, of which nobody here knows.
    [TestCase("delete", "pods", "POST " + Pods + "/web/eviction", true)]
    [TestCase("delete", "pods/eviction", "POST " + Pods + "/web/eviction", false)]
    [TestCase("create", "pods/eviction", "POST " + Pods + "/web/eviction", true)]
    [TestCase("delete", "pods", "DELETE " + Pods, true)]
    [TestCase("deletecollection", "pods", "DELETE " + Pods + "/web", false)]
    [TestCase("deletecollection", "pods", "POST " + Pods + "/web/eviction", false)]
    [TestCase("delete", "pods", "DELETE " + Shop, false)]
    [TestCase("delete", "pods", "DELETE " + Web, false)]
    [TestCase("delete", "pods", "PATCH " + Web + "/scale", false)]
    [TestCase("delete", "namespaces", "PUT " + Shop + "/finalize", false)]

    // Parts of an object are touched with it. The object is touched with a part only if that stands in it: of status API servers take none there, nor containers of a debugger.
    [TestCase("update", "deployments.apps", "PUT " + Web + "/scale", true)]
    [TestCase("patch", "deployments.apps/scale", "PATCH " + Web, true)]
    [TestCase("update", "deployments.apps/scale", "PATCH " + Web + " apply", true)]
    [TestCase("patch", "replicationcontrollers/scale", "PUT " + Shop + "/replicationcontrollers/web", true)]
    [TestCase("", "*/scale", "PATCH " + Web, true)]
    [TestCase("", "*/scale", "PATCH " + Shop + "/configmaps/web", false)]
    [TestCase("", "*/scale", "GET " + Web, false)]
    [TestCase("", "*/scale", "DELETE " + Web, false)]
    [TestCase("update", "deployments.apps/status", "PUT " + Web, false)]
    [TestCase("patch", "pods/ephemeralcontainers", "PATCH " + Pods + "/web", false)]

    // What runs a program in a pod that is there. An attach runs none, and whoever may make a pod runs it in that.
    [TestCase("create", "pods/exec", "PATCH " + Pods + "/web/ephemeralcontainers", true)]
    [TestCase("create", "pods", "PUT " + Pods + "/web/ephemeralcontainers", true)]
    [TestCase("create", "pods/exec", "GET " + Pods + "/web/ephemeralcontainers", false)]
    [TestCase("create", "pods/exec", "GET " + Pods + "/web/attach", false)]
    [TestCase("create", "pods/exec", "POST " + Pods, false)]
    [TestCase("create", "pods/binding", "POST " + Shop + "/bindings", true)]

    // The kubelet of a node does with any pod there what an API server does. A proxy to a service leads to a port alone, and is named: */proxy.
    [TestCase("create", "pods/exec", "POST " + Node + "/exec/shop/web/main?command=id", true)]
    [TestCase("create", "pods/exec", "GET " + Node + "/run/shop/web/main", true)]
    [TestCase("", "pods/exec", "GET " + Node, true)]
    [TestCase("", "pods/attach", "GET " + Node + "/attach/shop/web/main", true)]
    [TestCase("", "pods/portforward", "GET /api/v1/nodes/https:n1:10250/proxy/portForward/shop/web", true)]
    [TestCase("get", "pods/log", "GET " + Node + "/containerLogs/shop/web/main", true)]
    [TestCase("list", "pods", "GET " + Node + "/pods", true)]
    [TestCase("get", "pods", "GET " + Node + "/pods", true)]
    [TestCase("delete", "pods", "GET " + Node + "/pods", false)]
    [TestCase("get", "secrets", "GET " + Node + "/pods", false)]
    [TestCase("", "pods", "GET " + Node + "/metrics/cadvisor", false)]
    [TestCase("", "pods", "GET " + Node + "/stats/summary", false)]
    [TestCase("", "nodes/proxy", "GET " + Node + "/metrics", true)]
    [TestCase("", "pods/proxy", "GET " + Shop + "/services/web/proxy/", false)]
    [TestCase("", "services/proxy", "GET " + Pods + "/web/proxy/", false)]
    [TestCase("", "*/proxy", "GET " + Shop + "/services/web/proxy/", true)]
    [TestCase("", "pods/portforward", "GET " + Pods + "/web/proxy/", false)]

    // A token is no secret, and is another rule's (credential-minting). bind, escalate and impersonate are verbs of RBAC, which no request has, and no rule.
    [TestCase("create", "secrets", "POST " + Shop + "/serviceaccounts/default/token", false)]
    public void A_deny_is_touched_by_what_does_the_same(string verbs, string resources, string request, bool touches)
    {
        HttpOperation asked = Ask(request);

        Assert.That(asked.Unknown, Is.Null);
        Assert.That(Judge(asked, Allow(HttpHouse.Everything), Deny(Kube(verbs, resources))).Rule == "deny", Is.EqualTo(touches));
        Assert.That(Judge(asked, Allow(HttpHouse.Everything), Hold(Kube(verbs, resources))).Verdict == Verdict.Hold, Is.EqualTo(touches));
    }

    [TestCase("get", "secrets", "shop", "db", "GET /api/v1/secrets", true)]
    [TestCase("get", "secrets", "shop", "db", "GET " + Shop + "/secrets?fieldSelector=metadata.name=db", true)]
    [TestCase("get", "secrets", "shop", "db", "GET " + Shop + "/secrets?fieldSelector=metadata.name=other", false)]
    [TestCase("get", "secrets", "shop", "db", "GET /api/v1/namespaces/other/secrets", false)]
    [TestCase("delete", "pods", "shop", "web", "POST " + Pods + "/web/eviction", true)]
    [TestCase("delete", "pods", "shop", "web", "POST " + Pods + "/other/eviction", false)]
    [TestCase("create", "pods/exec", "shop", "web", "POST " + Node + "/exec/other/other/main", true)]
    [TestCase("create", "pods/binding", "shop", "web", "POST " + Shop + "/bindings", true)]
    [TestCase("create", "pods/binding", "shop", "web", "POST /api/v1/namespaces/other/bindings", false)]
    public void It_is_of_the_object_that_is_named(string verbs, string resources, string namespaces, string names, string request, bool touches) =>
        Assert.That(Judge(Ask(request), Allow(HttpHouse.Everything), Deny(Kube(verbs, resources, namespaces, names))).Rule == "deny", Is.EqualTo(touches));

    [TestCase("list", "pods", "GET " + Pods + "?watch=1")]
    [TestCase("get", "pods", "GET " + Pods)]
    [TestCase("update", "deployments.apps", "PATCH " + Web)]
    [TestCase("delete", "pods,pods/eviction", "POST " + Pods + "/web/eviction")]
    [TestCase("create", "pods/exec", "PATCH " + Pods + "/web/ephemeralcontainers")]
    [TestCase("", "deployments.apps/scale", "PATCH " + Web)]
    public void An_allow_covers_none_of_that(string verbs, string resources, string request) =>
        Assert.That(Judge(Ask(request), Allow(Kube(verbs, resources))).Verdict, Is.EqualTo(Verdict.Deny));

    [TestCase("/metrics%3Fx")]
    [TestCase("/Metrics")]
    public void A_path_that_is_no_resource_is_denied_however_it_is_written(string path) =>
        Assert.That(Judge(Ask("GET " + path), Allow(HttpHouse.Everything), Deny(Kube(paths: "/metrics"))).Rule, Is.EqualTo("deny"));

    // METHOD target, and apply if its type says so
    private static HttpOperation Ask(string text)
    {
        string[] words = text.Split(' ');
        return Request($"{words[0]} {words[1]}", words.Length > 2 ? ["application/apply-patch+yaml"] : []);
    }
}
