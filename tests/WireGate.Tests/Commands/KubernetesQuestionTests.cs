using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

/// <summary>What would happen to a request to an API server, and fixtures of it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class KubernetesQuestionTests : PolicyCommandFixture
{
    private static readonly string KubernetesConfig = Config
        .Replace(
            "orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } }",
            "orders: { protocol: kubernetes, address: \"https://api:6443\", hosts: [prod.internal], logins: { ro: { bearer: s }, rw: { bearer: s } } }", StringComparison.Ordinal)
        .Replace("  list:\n", """
          list:
            - { name: pods, match: { kube: { verbs: [get, list, watch], resources: [pods, pods/log, deployments.apps], namespaces: [shop] } }, do: allow }
            - { name: one, match: { kube: { verbs: [list], resources: [configmaps], names: [web] } }, do: allow }
            - { name: metrics, match: { kube: { paths: [/metrics] } }, do: allow }
            - { name: deletes, match: { kube: { verbs: [delete, deletecollection] } }, do: hold, approvers: { groups: [dba] } }
            - { name: makes, match: { kube: { verbs: [create], resources: [services] } }, do: hold, approvers: { groups: [dba] } }
            - { name: no-system, match: { kube: { namespaces: ["kube-*"] } }, do: deny, reason: not yours }

        """, StringComparison.Ordinal);

    [TestCase("allow", "pods", "list pods shop/")]
    [TestCase("allow", "pods", "watch pods shop/web-1")]
    [TestCase("allow", "pods", "get pods/log shop/web-1")]
    [TestCase("allow", "pods", "get deployments.apps shop/web")]
    [TestCase("deny", null, "get deployments shop/web")]
    [TestCase("deny", "no-system", "list pods")]
    [TestCase("deny", null, "get pods/exec shop/web-1")]
    [TestCase("deny", null, "create pods/exec shop/web-1")]
    [TestCase("allow", "one", "list configmaps shop/web")]
    [TestCase("deny", null, "list configmaps shop/")]
    [TestCase("hold", "deletes", "delete pods shop/web-1")]
    [TestCase("hold", "deletes", "deletecollection pods shop/")]
    [TestCase("deny", "no-system", "get secrets kube-system/a")]
    [TestCase("deny", "credential-minting", "create serviceaccounts/token shop/default")]
    [TestCase("allow", "metrics", "get /metrics")]
    [TestCase("deny", null, "get /logs")]
    public void Explain_says_what_would_happen_and_by_which_rule(string decision, string? rule, string asked)
    {
        Assert.That(Explain("--kube", asked, "--json"), Is.EqualTo(decision == "allow" ? 0 : 1), Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((string?)answer["decision"], (string?)answer["rule"]), Is.EqualTo((decision, rule)));
        Assert.That((string?)answer["operation"]!["what"], Is.EqualTo(asked));
    }

    [Test]
    public void A_request_of_HTTP_is_taken_for_what_the_API_server_takes_it_for()
    {
        Assert.That(Explain("--http", "GET /api/v1/watch/namespaces/shop/pods"), Is.Zero, Error);
        Assert.That(Output, Does.Contain("operation watch pods shop/\n"));
    }

    [TestCase("application/apply-patch+yaml", "hold", "makes")]
    [TestCase("application/merge-patch+json", "deny", null)]
    public void Explain_knows_an_apply_by_its_type(string contentType, string decision, string? rule)
    {
        Assert.That(Explain("--kube", "patch services shop/web", "--header", $"Content-Type: {contentType}", "--json"), Is.EqualTo(1), Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((string?)answer["decision"], (string?)answer["rule"]), Is.EqualTo((decision, rule)));
    }

    [TestCase("get")]
    [TestCase("get pods")]
    [TestCase("read pods shop/web")]
    [TestCase("create pods shop/web")]
    [TestCase("create pods/exec shop/")]
    [TestCase("list pods/log shop/web")]
    [TestCase("delete pods shop/")]
    [TestCase("deletecollection pods shop/web")]
    [TestCase("get pods/ shop/web")]
    [TestCase("get .apps shop/web")]
    [TestCase("get a/b/c shop/web")]
    [TestCase("get pods shop/web now")]
    public void A_question_that_cannot_be_asked_is_a_usage_error(string asked)
    {
        Assert.That((Explain("--kube", asked), Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.StartWith($"wiregate: --kube {asked}: write VERB RESOURCE[.GROUP][/SUBRESOURCE] "));
    }

    [Test]
    public void Test_holds_the_rules_against_fixtures()
    {
        string config = Files.Write("wiregate.yaml", KubernetesConfig);
        string directory = Directory.CreateDirectory(Path.Combine(Files.Path, "fixtures")).FullName;
        File.WriteAllText(Path.Combine(directory, "fixture.yaml"), """
            fixtures:
              - { name: list, given: { subject: a, groups: [dba], target: orders, kube: "list pods shop/" }, expect: { decision: allow, rule: pods } }
              - { name: exec, given: { subject: a, groups: [dba], target: orders, kube: "create pods/exec shop/web" }, expect: { decision: deny } }
              - { name: http, given: { subject: a, groups: [dba], target: orders, http: "DELETE /api/v1/namespaces/shop/pods" }, expect: { decision: hold, rule: deletes } }

            """);

        Assert.That(Run(PolicyCommand.Create(), ["test", directory, "--config", config]), Is.Zero, Output + Error);
        Assert.That(Output, Does.StartWith("3 of 3 fixtures as expected\n").And.Not.Contain("rule pods").And.Contain("rule no-system"));
    }

    [Test]
    public void A_target_that_is_no_cluster_is_told()
    {
        Assert.That(Run(ExplainCommand.Create(), ["--config", Files.Write("wiregate.yaml", Config), "--subject", "alice", "--group", "dba", "--target", "orders", "--kube", "get /version"]), Is.EqualTo(2));
        Assert.That(Error, Does.Contain("target orders is no API server of Kubernetes"));
    }

    private int Explain(params string[] arguments) => Run(
        ExplainCommand.Create(), ["--config", Files.Write("wiregate.yaml", KubernetesConfig), "--subject", "alice", "--group", "dba", "--target", "orders", .. arguments]);
}
