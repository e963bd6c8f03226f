using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Tests.Policy.Http;
using static WireGate.Core.Tests.Policy.Kubernetes.KubernetesHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Kubernetes;

/// <summary>Requests to an API server are judged as everything else: an allow covers all of one, a deny touches any part.</summary>
internal sealed class KubernetesVerdictTests
{
    private const string Pods = "/api/v1/namespaces/shop/pods";

    [TestCase("GET " + Pods, "get,list", "pods", "shop", "", true, true)]
    [TestCase("GET " + Pods, "get", "pods", "shop", "", false, true)]
    [TestCase("GET " + Pods, "*", "pods", "", "", true, true)]
    [TestCase("GET " + Pods + "?watch=1", "get,list", "pods", "shop", "", false, true)]
    [TestCase("GET " + Pods + "/web", "get", "pods", "shop", "web", true, true)]
    [TestCase("GET " + Pods + "/web", "get", "pods", "shop", "w*", true, true)]
    [TestCase("GET " + Pods + "/web", "get", "pods", "shop", "db", false, false)]
    [TestCase("GET " + Pods + "/web", "get", "pods", "test", "", false, false)]
    [TestCase("GET " + Pods + "/web", "get", "configmaps", "shop", "", false, false)]
    [TestCase("GET " + Pods + "/web", "get", "*", "shop", "", true, true)]
    [TestCase("GET " + Pods + "/web", "get", "pods.apps", "shop", "", false, false)]
    [TestCase("GET /apis/metrics.k8s.io/v1/namespaces/shop/pods/web", "get", "pods", "shop", "", false, false)]
    [TestCase("GET /apis/apps/v1/namespaces/shop/deployments/web", "get", "deployments.apps", "shop", "", true, true)]
    [TestCase("GET /apis/apps/v1/namespaces/shop/deployments/web", "get", "*.apps", "shop", "", true, true)]
    [TestCase("GET /apis/apps/v1/namespaces/shop/deployments/web", "get", "*.k8s.io", "shop", "", false, false)]
    [TestCase("GET /apis/apps/v1/namespaces/shop/deployments/web/scale", "get", "deployments.apps/scale", "shop", "", true, true)]
    [TestCase("PATCH " + Pods + "/web", "create,delete", "pods", "shop", "", false, false)]
    public void What_a_match_names_must_fit(string request, string verbs, string resources, string namespaces, string names, bool covers, bool touches) =>
        Assert.That(Verdicts(Request(request), Kube(verbs, resources, namespaces, names)), Is.EqualTo((covers, touches)));

    [TestCase("DELETE " + Pods + "/web", ExpectedResult = "rule allow would allow it but for: verbs (delete)")]
    [TestCase("GET " + Pods, ExpectedResult = "rule allow would allow it but for: verbs (list)")]
    [TestCase("GET /api/v1/namespaces/test/pods/web", ExpectedResult = "rule allow would allow it but for: namespaces (test)")]
    [TestCase("GET /apis/apps/v1/namespaces/shop/deployments/web/scale", ExpectedResult = "rule allow would allow it but for: resources (deployments.apps/scale)")]
    [TestCase("GET /api/v1/pods", ExpectedResult = "rule allow would allow it but for: verbs (list), namespaces (none)")]
    [TestCase("GET /metrics", ExpectedResult = "rule allow would allow it but for: paths")]
    public string? What_no_rule_allows_says_which_came_nearest(string request) => Judge(Request(request), Allow(Kube("get", "pods", "shop"))).Near;

    [TestCase("GET " + Pods + "/web/log", "pods", false, true)]
    [TestCase("GET " + Pods + "/web/log", "*", false, true)]
    [TestCase("GET " + Pods + "/web/log", "pods/log", true, true)]
    [TestCase("GET " + Pods + "/web/log", "pods/*", true, true)]
    [TestCase("GET " + Pods + "/web/log", "*/log", true, true)]
    [TestCase("GET " + Pods + "/web/log", "pods/exec", false, false)]
    [TestCase("GET " + Pods + "/web", "pods/*", false, false)]
    public void A_part_of_an_object_is_allowed_by_its_name_and_denied_with_the_object(string request, string resources, bool covers, bool touches) =>
        Assert.That(Verdicts(Request(request), Kube(resources: resources)), Is.EqualTo((covers, touches)));

    [TestCase("GET", "get", false)]
    [TestCase("GET", "create", false)]
    [TestCase("GET", "get,create", true)]
    [TestCase("POST", "create", true)]
    [TestCase("POST", "get", false)]
    public void Who_may_read_everything_runs_nothing(string method, string verbs, bool covers)
    {
        foreach (string part in new[] { "exec", "attach", "portforward", "proxy" })
        {
            Assert.That(Judge(Request($"{method} {Pods}/web/{part}"), Allow(Kube(verbs, "*,*/*"))).Verdict == Verdict.Allow, Is.EqualTo(covers), part);
            Assert.That(Judge(Request($"{method} {Pods}/web/{part}"), Allow(HttpHouse.Everything), Deny(Kube("create", "pods/*"))).Verdict, Is.EqualTo(Verdict.Deny), part);
        }
    }

    [TestCase("PATCH " + Pods + "/web", "application/apply-patch+yaml", true)]
    [TestCase("PATCH " + Pods + "/web", "Application/Apply-Patch+YAML; charset=utf-8", true)]
    [TestCase("PATCH " + Pods + "/web", "application/apply-patch+cbor", true)]
    [TestCase("PATCH " + Pods + "/web/status", "application/apply-patch+yaml", false)]
    [TestCase("PATCH " + Pods + "/web", "application/merge-patch+json", false)]
    [TestCase("PUT " + Pods + "/web", "application/apply-patch+yaml", false)]
    public void Who_may_create_nothing_applies_nothing(string request, string contentType, bool touches)
    {
        Assert.That(Verdicts(Request(request, contentType), Kube("create", "pods")), Is.EqualTo((false, touches)));
        Assert.That(Verdicts(Request(request, "application/json", contentType), Kube("create", "pods")), Is.EqualTo((false, touches)), "of two lines");
        Assert.That(Judge(Request(request, contentType), Allow(HttpHouse.Everything), Hold(Kube("create", "pods"))).Verdict == Verdict.Hold, Is.EqualTo(touches));
    }

    [Test]
    public void What_may_be_patched_may_be_applied() =>
        Assert.That(Verdicts(Request("PATCH " + Pods + "/web", "application/apply-patch+yaml"), Kube("patch", "pods")), Is.EqualTo((true, true)));

    [TestCase("DELETE " + Pods, "delete", false, true)]
    [TestCase("DELETE " + Pods + "?fieldSelector=metadata.name=web", "delete", false, true)]
    [TestCase("DELETE " + Pods, "deletecollection", true, true)]
    [TestCase("DELETE " + Pods + "/web", "deletecollection", false, false)]
    public void With_a_collection_go_the_objects_that_are_in_it(string request, string verbs, bool covers, bool touches) =>
        Assert.That(Verdicts(Request(request), Kube(verbs, "pods", "shop")), Is.EqualTo((covers, touches)));

    [TestCase("GET /api/v1/secrets", true)]
    [TestCase("GET /api/v1/secrets?watch=1", true)]
    [TestCase("DELETE /api/v1/secrets", true)]
    [TestCase("GET /api/v1/namespaces/kube-system/secrets/a", true)]
    [TestCase("GET /api/v1/namespaces/shop/secrets/a", false)]
    [TestCase("GET /api/v1/namespaces/kube-system", true)]
    [TestCase("POST /api/v1/namespaces", true)]
    [TestCase("GET /api/v1/nodes/here", false)]
    public void What_reaches_all_namespaces_reaches_those_that_are_denied(string request, bool touches)
    {
        MatchConfig match = Kube(namespaces: "kube-*");

        Assert.That(Judge(Request(request), Allow(HttpHouse.Everything), Deny(match)).Verdict == Verdict.Deny, Is.EqualTo(touches));
        Assert.That(Judge(Request(request), Allow(match)).Verdict == Verdict.Allow, Is.EqualTo(request.Contains("kube-system", StringComparison.Ordinal)));
    }

    [TestCase("GET " + Pods, false, true)]
    [TestCase("GET " + Pods + "?fieldSelector=metadata.name=web", true, true)]
    [TestCase("GET " + Pods + "?watch=1&fieldSelector=metadata.name%3Dweb", true, true)]
    [TestCase("GET " + Pods + "?fieldSelector=metadata.name=db", false, false)]
    [TestCase("DELETE " + Pods + "?fieldSelector=metadata.name=web", false, true)]
    [TestCase("POST " + Pods, false, true)]
    public void What_names_no_object_may_be_any(string request, bool covers, bool touches) =>
        Assert.That(Verdicts(Request(request), Kube(names: "web")), Is.EqualTo((covers, touches)));

    [Test]
    public void A_server_behind_a_proxy_is_denied_with_its_scheme_and_port_as_well() =>
        Assert.That(Verdicts(Request("GET /api/v1/namespaces/shop/services/https:web:8443/proxy/x"), Kube(names: "web")), Is.EqualTo((false, true)));

    [TestCase("GET /version")]
    [TestCase("GET /apis/apps/v1")]
    [TestCase("GET /openapi/v2?timeout=32s")]
    public void What_clients_ask_first_comes_with_whatever_is_allowed(string request)
    {
        Assert.That(Judge(Request(request), Allow(Kube("list", "pods", "shop", "web"))).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Request(request)).Verdict, Is.EqualTo(Verdict.Deny), "nothing is allowed");
        Assert.That(Judge(Request(request), Allow(Kube()), Deny(Kube("get"))).Verdict, Is.EqualTo(Verdict.Deny), "denied by its verb");
        Assert.That(Judge(Request(request), Allow(Kube()), Deny(Kube(resources: "*"))).Verdict, Is.EqualTo(Verdict.Allow), "no resource");
    }

    [TestCase("GET /metrics", "", false, true)]
    [TestCase("GET /metrics", "/metrics", true, true)]
    [TestCase("GET /logs/kube/apiserver.log", "/logs/**", true, true)]
    [TestCase("GET /debug", "/metrics", false, false)]
    [TestCase("GET " + Pods, "/metrics", false, false)]
    public void A_path_that_is_no_resource_is_allowed_by_name(string request, string paths, bool covers, bool touches) =>
        Assert.That(Verdicts(Request(request), Kube(paths: paths)), Is.EqualTo((covers, touches)));

    [TestCase("GET /api/v1/pods?watch=1&watch=0")]
    [TestCase("OPTIONS " + Pods)]
    public void What_is_unknown_is_covered_by_no_name_and_touched_by_each(string request)
    {
        Assert.That(Judge(Request(request), Allow(Kube())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Request(request), Allow(HttpHouse.Everything)).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Request(request), Allow(HttpHouse.Everything), Deny(Kube("delete", "nodes"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Request(request), Allow(HttpHouse.Everything), Hold(Kube("delete", "nodes"))).Verdict, Is.EqualTo(Verdict.Hold));
    }

    [TestCase("GET /api/v1//namespaces/shop/secrets")]
    [TestCase("POST /api/v1/namespaces/shop/serviceaccounts%2fdefault/token")]
    public void A_path_that_may_be_read_in_two_ways_never_passes(string request) =>
        Assert.That(Judge(Request(request), Allow(HttpHouse.Everything)).Reason, Is.EqualTo("API servers may read its path in two ways"));

    [Test]
    public void What_is_allowed_of_HTTP_says_nothing_of_an_API_server_and_what_is_denied_does()
    {
        HttpOperation request = Request("GET " + Pods);

        Assert.That(Judge(request, Allow(HttpHouse.Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request, Allow(Kube()), Deny(HttpHouse.Match("GET"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(HttpHouse.Get("/a"), Allow(Kube())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(HttpHouse.Get("/a"), Allow(HttpHouse.Match()), Deny(Kube())).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void No_credential_of_the_cluster_is_minted_unless_that_is_switched_off()
    {
        HttpOperation request = Request("POST /api/v1/namespaces/shop/serviceaccounts/default/token");
        GatewayConfig off = Config(Allow(Kube())) with { Rules = new RulesConfig { List = [Allow(Kube())], DeniesCredentialMinting = false } };

        Assert.That(Judge(request, Allow(HttpHouse.Everything)).Rule, Is.EqualTo("credential-minting"));
        Assert.That(off.RuleBook.For(Alice).Judge(request, Now).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_decision_point_is_told_what_it_means()
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            FactsJson.Write(json, Alice, Request("GET " + Pods + "/web/exec?command=ls"), new Decision { Verdict = Verdict.Allow }, Now);
        }

        using JsonDocument written = JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray()));
        Assert.That(written.RootElement.GetProperty("kube").GetRawText(), Is.EqualTo(
            """{"isResource":true,"verbs":["get","create"],"group":"","version":"v1","resource":"pods","subresource":"exec","namespace":"shop","name":"web","applies":false,"mintsCredential":false}"""));
        Assert.That(written.RootElement.GetProperty("http").GetProperty("method").GetString(), Is.EqualTo("GET"));
    }

    private static (bool Covers, bool Touches) Verdicts(HttpOperation request, MatchConfig match) =>
        (Judge(request, Allow(match)).Verdict == Verdict.Allow, Judge(request, Allow(HttpHouse.Everything), Deny(match)).Verdict == Verdict.Deny);
}
