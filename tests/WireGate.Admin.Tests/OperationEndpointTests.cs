using System.Net;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Tests;

public sealed class OperationEndpointTests
{
    [TestCase("""{"id":"s1"}""", "s2")]
    [TestCase("""{"identity":"local:repo:bob"}""", "s1")]
    [TestCase("""{"target":"billing"}""", "s1")]
    [TestCase("""{"placeholder":"p1"}""", "s2")]
    public async Task Kills_what_the_filter_names_and_audits_it(string body, string left)
    {
        await using AdminHarness daemon = new();
        daemon.Sessions.Open.AddRange([Session("s1", "alice", "orders", "p1"), Session("s2", "repo:bob", "billing", "p2")]);
        await daemon.StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/sessions/kill", body)).Body.GetRawText(), Is.EqualTo("""{"killed":1}"""));
        Assert.That(daemon.Sessions.Open.Single().Id, Is.EqualTo(left));
        Assert.That(daemon.Audit.Events.Single().Kind, Is.EqualTo(AuditEventKind.AdminAction));
        Assert.That(daemon.Audit.Durable, Is.EqualTo(1));
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/sessions/kill", body)).Status, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("{}")]
    [TestCase("""{"identity":"alice"}""")]
    [TestCase("""{"identity":"local:"}""")]
    [TestCase("""{"identity":"corp:alice"}""")]
    public async Task Refuses_a_kill_that_does_not_say_whom(string body)
    {
        await using AdminHarness daemon = new();
        daemon.Sessions.Open.Add(Session("s1", "alice", "orders", "p1"));
        await daemon.StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/sessions/kill", body)).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(daemon.Sessions.Open, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Says_what_lies_behind_a_reference_whatever_its_case()
    {
        await using AdminHarness daemon = new();
        byte[] json = Encoding.UTF8.GetBytes("""{"event":"session-refused","detail":"expired"}""");
        daemon.References.Records["7F3K2Q"] = new ReferencedRecord(new AuditPosition(2, 17), DateTimeOffset.UnixEpoch, json);
        await daemon.StartAsync();
        (_, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Get, "/v1/why/7f3k2q");
        Assert.That(body.GetProperty("sequence").GetInt64(), Is.EqualTo(17));
        Assert.That(body.GetProperty("record").GetProperty("detail").GetString(), Is.EqualTo("expired"));
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/why/ZZZZZZ")).Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/why/a.b")).Status, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [TestCase("System.Net.Http.HttpRequestException: Connection refused (opa.internal:8181)\\n ---> System.Net.Sockets.SocketException (111): Connection refused\\n   at System.Net.X()", "HttpRequestException: Connection refused (opa.internal:8181)")]
    [TestCase("System.Net.Sockets.SocketException (111): Connection refused\\r\\n   at System.Net.X()", "SocketException (111): Connection refused")]
    [TestCase("WireGate.Odd\\n   at WireGate.X()", "Odd")]
    [TestCase("WireGate.Odd: ", "Odd:")]
    [TestCase("", "")]
    public async Task Says_in_one_line_what_failed_while_deciding(string recorded, string told)
    {
        await using AdminHarness daemon = new();
        byte[] json = Encoding.UTF8.GetBytes($$"""{"event":"operation","fault":"{{recorded}}","reason":"an error came up"}""");
        daemon.References.Records["7F3K2Q"] = new ReferencedRecord(new AuditPosition(2, 17), DateTimeOffset.UnixEpoch, json);
        await daemon.StartAsync();

        (_, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Get, "/v1/why/7F3K2Q");

        JsonElement record = body.GetProperty("record");
        Assert.That(record.GetProperty("fault").GetString(), Is.EqualTo(told));
        Assert.That(record.GetProperty("reason").GetString(), Is.EqualTo("an error came up"), "the rest stays as it is");
    }

    private static SessionInfo Session(string id, string subject, string target, string placeholder) => new()
    {
        Id = id,
        Listener = "pg",
        Opened = DateTimeOffset.UnixEpoch,
        Phase = SessionPhase.Relaying,
        Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = subject },
        Target = target,
        Placeholder = placeholder,
    };
}
