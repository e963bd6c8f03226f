using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Kubernetes.KubernetesHouse;

namespace WireGate.Core.Tests.Policy.Kubernetes;

/// <summary>A request is read as the API server reads it: facts of its RequestInfo, and of what it answered to others.</summary>
internal sealed class KubernetesRequestTests
{
    // verb group/version resource/subresource namespace name; - is nothing
    [TestCase("GET /api/v1/namespaces", "list /v1 namespaces - -")]
    [TestCase("GET /api/v1/namespaces/other", "get /v1 namespaces other other")]
    [TestCase("GET /api/v1/namespaces/other/pods", "list /v1 pods other -")]
    [TestCase("GET /api/v1/namespaces/other/pods/", "list /v1 pods other -")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo", "get /v1 pods other foo")]
    [TestCase("HEAD /api/v1/namespaces/other/pods/foo", "get /v1 pods other foo")]
    [TestCase("GET /api/v1/pods", "list /v1 pods - -")]
    [TestCase("HEAD /api/v1/pods", "list /v1 pods - -")]
    [TestCase("GET /api/v1/namespaces/other/%70ods/foo", "get /v1 pods other foo")]
    [TestCase("GET /api/v1/nodes/here", "get /v1 nodes - here")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo/status", "get /v1 pods/status other foo")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo/log?follow=true", "get /v1 pods/log other foo")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo/proxy/subpath", "get /v1 pods/proxy other foo")]
    [TestCase("POST /api/v1/namespaces/other/pods/foo/exec?command=a", "create /v1 pods/exec other foo")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo/exec?command=a", "get /v1 pods/exec other foo")]
    [TestCase("POST /api/v1/namespaces/other/pods/foo/eviction", "create /v1 pods/eviction other foo")]
    [TestCase("PUT /api/v1/namespaces/other/finalize", "update /v1 namespaces/finalize other other")]
    [TestCase("PUT /api/v1/namespaces/other/status", "update /v1 namespaces/status other other")]
    [TestCase("PATCH /api/v1/namespaces/other/pods/foo", "patch /v1 pods other foo")]
    [TestCase("DELETE /api/v1/namespaces/other/pods/foo", "delete /v1 pods other foo")]
    [TestCase("POST /api/v1/namespaces/other/pods", "create /v1 pods other -")]
    [TestCase("DELETE /api/v1/nodes", "deletecollection /v1 nodes - -")]
    [TestCase("DELETE /api/v1/namespaces", "deletecollection /v1 namespaces - -")]
    [TestCase("DELETE /apis/extensions/v1/namespaces/other/pods", "deletecollection extensions/v1 pods other -")]
    [TestCase("DELETE /api/v1/namespaces/other/pods?fieldSelector=metadata.name=foo", "deletecollection /v1 pods other -")]
    [TestCase("POST /apis/apps/v1beta3/namespaces/other/deployments", "create apps/v1beta3 deployments other -")]
    [TestCase("GET /apis/batch/v1/job/foo/scale", "get batch/v1 job/scale - foo")]
    public void Reads(string request, string expected) => Assert.That(Words(Ask(request)), Is.EqualTo(expected));

    [TestCase("/api/v1/watch/pods", "watch /v1 pods - -")]
    [TestCase("/api/v1/watch/namespaces/other/pods", "watch /v1 pods other -")]
    [TestCase("/api/v1/watch/namespaces/other/pods/foo", "watch /v1 pods other foo")]
    [TestCase("/apis/apps/v1/watch/deployments", "watch apps/v1 deployments - -")]
    [TestCase("/api/v1/pods?watch=true", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=TRUE", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=1", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=yes", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?%77atch=1", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?limit=500&watch=1&timeout=5s", "watch /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=false", "list /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=False", "list /v1 pods - -")]
    [TestCase("/api/v1/pods?watch=0", "list /v1 pods - -")]
    [TestCase("/api/v1/pods?Watch=1", "list /v1 pods - -")]
    [TestCase("/api/v1/namespaces/other/pods/foo?watch=1", "get /v1 pods other foo")]
    public void Sees_a_watch(string target, string expected) => Assert.That(Words(Ask($"GET {target}")), Is.EqualTo(expected));

    [TestCase("metadata.name=foo", "foo")]
    [TestCase("metadata.name%3Dfoo", "foo")]
    [TestCase("metadata.name==foo", "foo")]
    [TestCase("status.phase=Running,metadata.name=foo", "foo")]
    [TestCase("metadata.name!=foo", "")]
    [TestCase("metadata.name=", "")]
    [TestCase("metadata.name=a/b", "")]
    [TestCase("metadata.name=a%25b", "")]
    [TestCase(@"metadata.name=a\,b", "")]
    [TestCase("metadata.namespace=foo", "")]
    [TestCase("metadata.name=foo&fieldSelector=metadata.name=bar", "")]
    public void A_list_has_a_name_only_by_its_field_selector(string selector, string name) =>
        Assert.That(Ask($"GET /api/v1/namespaces/other/pods?fieldSelector={selector}").Name, Is.EqualTo(name));

    [TestCase("/")]
    [TestCase("/api")]
    [TestCase("/api/v1")]
    [TestCase("/apis/extensions/v1beta1")]
    [TestCase("/apis/extensions/v1beta1/")]
    [TestCase("/metrics")]
    [TestCase("/not-api/version/resource")]
    public void What_is_no_resource_is_a_path(string path)
    {
        KubernetesRequest request = Ask($"POST {path}");

        Assert.That((request.IsResource, request.Verb, request.Path.Text), Is.EqualTo((false, "post", path)));
    }

    [TestCase("GET /version", true)]
    [TestCase("GET /api", true)]
    [TestCase("HEAD /apis/apps/v1", true)]
    [TestCase("GET /openapi/v3/apis/apps/v1", true)]
    [TestCase("GET /readyz", true)]
    [TestCase("POST /version", false)]
    [TestCase("GET /readyz/etcd", false)]
    [TestCase("GET /metrics", false)]
    [TestCase("GET /", false)]
    [TestCase("GET /api/v1/pods", false)]
    [TestCase("GET /apis//v1", false)]
    public void Clients_ask_first_what_there_is(string request, bool expected) => Assert.That(Ask(request).IsDiscovery, Is.EqualTo(expected));

    [TestCase("GET /openapi/v2", true)]
    [TestCase("GET /openapi/v2?timeout=32s", true)]
    [TestCase("HEAD /openapi/v3", true)]
    [TestCase("GET /openapi/v3/apis/apps/v1", true)]
    [TestCase("POST /openapi/v2", false)]
    [TestCase("GET /openapi", false)]
    [TestCase("GET /openapi/v2/x", false)]
    [TestCase("GET /openapi/v4", false)]
    [TestCase("GET /openapi/v3/../../metrics", false)]
    [TestCase("GET /openapi/v3//x", false)]
    [TestCase("GET /openapi/v3/a%2fb", false)]
    [TestCase("GET /OpenAPI/v2", false)]
    [TestCase("GET /apis/apps/v1", false)]
    [TestCase("GET /version", false)]
    public void Types_are_described_at_their_own_places(string request, bool expected) => Assert.That(Ask(request).DescribesTypes, Is.EqualTo(expected));

    [TestCase("GET /api//v1/pods")]
    [TestCase("GET //api/v1/pods")]
    [TestCase("GET /api/v1/namespaces/other%2fpods")]
    [TestCase("GET /api/v1/namespaces/../pods")]
    [TestCase("GET /api/v1/pods;x")]
    [TestCase("OPTIONS /api/v1/pods")]
    [TestCase("get /api/v1/pods")]
    [TestCase("GET /api/v1/proxy/namespaces/other/pods/foo")]
    [TestCase("GET /api/v1/redirect/namespaces/other/pods/foo")]
    [TestCase("GET /api/v1/watch")]
    [TestCase("GET /api/v1/pods?watch=1&watch=0")]
    [TestCase("GET /api/v1/pods?%ff=1")]
    [TestCase("GET /api/v1/pods?a=1;watch=1")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo%3F")]
    [TestCase("GET /api/v1/namespaces/other/pods%3Fwatch=1")]
    [TestCase("GET /api/v1/namespaces/other/pods/foo/log%23")]
    public void What_is_not_read_by_all_alike_is_unknown(string request) => Assert.That(Ask(request).Unknown, Is.Not.Null);

    [TestCase("GET /api/v1/namespaces/other/pods/foo/exec", ExpectedResult = "get,create")]
    [TestCase("POST /api/v1/namespaces/other/pods/foo/attach", ExpectedResult = "create")]
    [TestCase("GET /api/v1/nodes/here/proxy/pods", ExpectedResult = "get,create")]
    [TestCase("DELETE /api/v1/namespaces/other/services/foo/proxy/x", ExpectedResult = "delete,create")]
    [TestCase("GET /api/v1/namespaces/other/pods/exec", ExpectedResult = "get")]
    public string What_goes_on_to_a_program_is_a_create_whatever_its_method(string request) => string.Join(',', Ask(request).Verbs);

    [TestCase("POST /api/v1/namespaces/other/serviceaccounts/default/token", ExpectedResult = true)]
    [TestCase("PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/me/approval", ExpectedResult = true)]
    [TestCase("PATCH /apis/certificates.k8s.io/v1/certificatesigningrequests/me/status", ExpectedResult = true)]
    [TestCase("GET /apis/certificates.k8s.io/v1/certificatesigningrequests/me/approval", ExpectedResult = false)]
    [TestCase("POST /apis/certificates.k8s.io/v1/certificatesigningrequests", ExpectedResult = false)]
    [TestCase("POST /api/v1/namespaces/other/serviceaccounts", ExpectedResult = false)]
    [TestCase("POST /apis/example.com/v1/namespaces/other/serviceaccounts/default/token", ExpectedResult = false)]
    public bool Credentials_of_the_cluster_are_minted(string request) => Ask(request).MintsCredential;

    private static string Words(KubernetesRequest request)
    {
        string part = request.Subresource.Length > 0 ? $"/{request.Subresource}" : "";
        Assert.That((request.IsResource, request.Unknown), Is.EqualTo((true, (string?)null)));
        return $"{request.Verb} {request.Group}/{request.Version} {request.Resource}{part} {OrNone(request.Namespace)} {OrNone(request.Name)}";
    }

    private static string OrNone(string text) => text.Length > 0 ? text : "-";
}
