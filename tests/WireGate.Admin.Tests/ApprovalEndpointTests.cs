using System.Net;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Tests;

public sealed class ApprovalEndpointTests
{
    private const uint Root = 0, Daemon = 500, Boss = 1001, Ci = 1002, Eve = 1003, Dora = 1004, Dan = 1005, Ghost = 1006;

    private const string Fix = """{"target":"orders","sql":"\n update orders set paid = true;\n","for":"alice","reason":"ticket 7"}""";

    private static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice" };

    [TestCase(Root, "request list show")]
    [TestCase(Daemon, "request list show")]
    [TestCase(Boss, "request list show", TestName = "An_admin_in_the_role_whom_identity_does_not_name_does_not_decide")]
    [TestCase(Ci, "request show")]
    [TestCase(Eve, "")]
    [TestCase(Ghost, "", TestName = "A_user_in_the_role_whom_identity_does_not_name_is_nobody")]
    [TestCase(Dora, "request list show approve deny")]
    public async Task Each_verb_is_for_its_roles(uint uid, string allowed)
    {
        await using AdminHarness daemon = await StartAsync();
        string id = await AskAsync(daemon);
        daemon.CallerUserId = uid;
        foreach ((string verb, HttpMethod method, string path, string? body) in new[]
        {
            ("request", HttpMethod.Post, "/v1/approvals", Fix),
            ("list", HttpMethod.Get, "/v1/approvals", null),
            ("show", HttpMethod.Get, $"/v1/approvals/{id}", null),
            ("approve", HttpMethod.Post, $"/v1/approvals/{id}/approve", "{}"),
            ("deny", HttpMethod.Post, $"/v1/approvals/{id}/deny", """{"reason":"no"}"""),
        })
        {
            HttpStatusCode status = (await daemon.SendAsync(method, path, body)).Status;
            Assert.That(status != HttpStatusCode.Forbidden, Is.EqualTo(allowed.Split(' ').Contains(verb)), $"{verb} answered {status}");
        }
    }

    [TestCase(Root, "root can become anybody")]
    [TestCase(Boss, "identity.unix in the config does not say who that is")]
    [TestCase(Ci, "admin.roles.approve in the config names who may")]
    public async Task Says_why_somebody_may_not_decide(uint uid, string why)
    {
        await using AdminHarness daemon = await StartAsync();
        string id = await AskAsync(daemon);
        daemon.CallerUserId = uid;
        (HttpStatusCode status, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Post, $"/v1/approvals/{id}/approve", "{}");
        Assert.That(status, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain(why));
        Assert.That((await daemon.Approvals.FindAsync(id, CancellationToken.None))!.Votes, Is.Empty);
    }

    [TestCase("""{"target":"orders","for":"alice"}""", "sql, httpRequest: say one of them")]
    [TestCase("""{"target":"orders","for":"alice","sql":"select 1","httpRequest":"R0VU"}""", "sql, httpRequest: say one of them")]
    [TestCase("""{"target":"orders","for":"alice","httpRequest":"R0VU"}""", "target: the config has no target of protocol http")]
    [TestCase("""{"target":"orders","for":"alice","httpRequest":"R0VU","database":"x"}""", "database: a request of HTTP has none")]
    public async Task Refuses_a_request_that_nobody_could_make(string body, string why)
    {
        await using AdminHarness daemon = await StartAsync();
        (HttpStatusCode status, JsonElement answer, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", body);

        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(answer.GetProperty("detail").GetString(), Does.StartWith(why));
    }

    [Test]
    public async Task Asks_shows_and_approves_the_text_as_it_is_sent()
    {
        await using AdminHarness daemon = await StartAsync();
        daemon.CallerUserId = Ci;
        (HttpStatusCode status, JsonElement asked, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", Fix);
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(Encoding.UTF8.GetString(daemon.Terms.Asked), Is.EqualTo("update orders set paid = true;"));
        Assert.That(asked.GetProperty("statement").GetString(), Is.EqualTo("update orders set paid = true;"));
        Assert.That(asked.GetProperty("askedBy").GetString(), Is.EqualTo("unix:pipeline"));
        Assert.That(asked.GetProperty("reason").GetString(), Is.EqualTo("ticket 7"));
        string id = asked.GetProperty("id").GetString()!;

        daemon.CallerUserId = Dora;
        string digest = asked.GetProperty("digest").GetString()!;
        Assert.That((await ApproveAsync(daemon, id, "deadbeef")).Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((await ApproveAsync(daemon, id, digest[..7])).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        (status, JsonElement decided, _) = await ApproveAsync(daemon, id, digest[..8].ToUpperInvariant());
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(decided.GetProperty("outcome").GetString(), Is.EqualTo("approved"));
        Assert.That((await ApproveAsync(daemon, id, digest)).Status, Is.EqualTo(HttpStatusCode.Conflict), "it was decided");

        byte[] key = ApprovalDigest.KeyOf("postgres", "orders", "db.internal:5432", "orders_db", "rw", "alice", "update orders set paid = true;"u8, []);
        Approval approval = (await daemon.Approvals.FindAsync(id, CancellationToken.None))!;
        Assert.That(approval.Request.Key.ToArray(), Is.EqualTo(key), "a session finds it by the bytes that it is sent");
        Assert.That(daemon.Audit.Events.Select(e => e.Kind), Is.EqualTo(new[] { AuditEventKind.ApprovalRequested, AuditEventKind.ApprovalVoted, AuditEventKind.ApprovalApproved }));
    }

    [Test]
    public async Task Who_asked_may_not_approve_and_the_try_is_in_the_audit_log()
    {
        await using AdminHarness daemon = await StartAsync();
        daemon.CallerUserId = Dora;
        string id = (await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", Fix)).Body.GetProperty("id").GetString()!;
        Assert.That((await ApproveAsync(daemon, id, null)).Status, Is.EqualTo(HttpStatusCode.Forbidden));
        AuditEvent fact = daemon.Audit.Events[^1];
        Assert.That((fact.Kind, fact.Approval, fact.Actor!.Subject), Is.EqualTo((AuditEventKind.AdminAction, id, "dora")));
        Assert.That(daemon.Audit.Durable, Is.EqualTo(daemon.Audit.Events.Count));
        daemon.CallerUserId = Dan;
        Assert.That((await ApproveAsync(daemon, id, null)).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_no_needs_a_reason_and_decides()
    {
        await using AdminHarness daemon = await StartAsync();
        string id = await AskAsync(daemon);
        daemon.CallerUserId = Dora;
        Assert.That((await DenyAsync("{}")).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await DenyAsync("""{"reason":" "}""")).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await DenyAsync("""{"reason":"wrong table"}""")).Body.GetProperty("approval").GetProperty("detail").GetString(), Is.EqualTo("wrong table"));
        Assert.That((await ApproveAsync(daemon, id, null)).Status, Is.EqualTo(HttpStatusCode.Conflict));

        Task<(HttpStatusCode Status, JsonElement Body, string?)> DenyAsync(string body) => daemon.SendAsync(HttpMethod.Post, $"/v1/approvals/{id}/deny", body);
    }

    [Test]
    public async Task Lists_by_state()
    {
        await using AdminHarness daemon = await StartAsync();
        string id = await AskAsync(daemon);
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/approvals?state=pending")).Body[0].GetProperty("id").GetString(), Is.EqualTo(id));
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/approvals?state=denied")).Body.GetArrayLength(), Is.Zero);
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/approvals?state=2")).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/approvals/apr_nothing")).Status, Is.EqualTo(HttpStatusCode.NotFound));
        daemon.CallerUserId = Dora;
        Assert.That((await ApproveAsync(daemon, "apr_aaaaaaaaaaaaaaaa", null)).Status, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("""{"target":"nowhere","sql":"x","for":"alice"}""", HttpStatusCode.BadRequest)]
    [TestCase("""{"target":"orders","sql":" \n","for":"alice"}""", HttpStatusCode.BadRequest)]
    [TestCase("""{"target":"orders","sql":"x","for":""}""", HttpStatusCode.BadRequest)]
    [TestCase("""{"target":"orders","sql":null,"for":"alice"}""", HttpStatusCode.BadRequest)]
    public async Task Refuses_what_cannot_be_asked(string body, HttpStatusCode expected)
    {
        await using AdminHarness daemon = await StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", body)).Status, Is.EqualTo(expected));
        daemon.Terms.Answer = BeforehandAnswer.Refused("it needs no approval");
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", Fix)).Body.GetProperty("detail").GetString(), Is.EqualTo("it needs no approval"));
    }

    [Test]
    public async Task Twenty_of_one_asker_wait()
    {
        await using AdminHarness daemon = await StartAsync();
        for (int i = 0; i < ApprovalRegistry.MostOfOne; i++)
        {
            await AskAsync(daemon);
        }

        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", Fix)).Status, Is.EqualTo(HttpStatusCode.TooManyRequests));
    }

    private static async Task<AdminHarness> StartAsync()
    {
        AdminHarness daemon = new();
        HoldTerms terms = new([new ApproverTerms(null, ["dba"], 1)], TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(2));
        daemon.Terms.Answer = BeforehandAnswer.Held(new BeforehandTerms(Alice, "rw", "writes", terms));
        await daemon.StartAsync();
        return daemon;
    }

    private static async Task<string> AskAsync(AdminHarness daemon) =>
        (await daemon.SendAsync(HttpMethod.Post, "/v1/approvals", Fix)).Body.GetProperty("id").GetString()!;

    private static Task<(HttpStatusCode Status, JsonElement Body, string? Type)> ApproveAsync(AdminHarness daemon, string id, string? digest) =>
        daemon.SendAsync(HttpMethod.Post, $"/v1/approvals/{id}/approve", digest is null ? "{}" : $$"""{"digest":"{{digest}}"}""");
}
