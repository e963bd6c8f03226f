using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;

namespace WireGate.Admin.Tests;

public sealed class PlaceholderEndpointTests
{
    private const string Good = """{"subject":"alice","groups":["dba"],"targets":["orders"]}""";

    [Test]
    public async Task A_mint_is_durable_in_the_audit_log_and_shows_the_token_once()
    {
        await using AdminHarness daemon = new() { CallerUserId = 1002 };
        await daemon.StartAsync();
        (HttpStatusCode status, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good);
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(body.GetProperty("token").GetString(), Is.EqualTo(MemoryPlaceholders.TokenOf("0000000001")));
        Assert.That(body.GetProperty("warnings").GetArrayLength(), Is.Zero);
        AuditEvent fact = daemon.Audit.Events.Single();
        Assert.That((fact.Kind, fact.Placeholder, fact.Actor!.ToString()),
            Is.EqualTo((AuditEventKind.PlaceholderMinted, "0000000001", "unix:pipeline")));
        Assert.That(daemon.Audit.Durable, Is.EqualTo(1));
        foreach (string path in new[] { "/v1/placeholders", "/v1/placeholders/0000000001" })
        {
            Assert.That((await daemon.SendAsync(HttpMethod.Get, path)).Body.GetRawText(), Does.Contain("0000000001").And.Not.Contain("wgp_"));
        }
    }

    [TestCase("""{"subject":"","targets":["orders"]}""", "subject")]
    [TestCase("""{"subject":" alice","targets":["orders"]}""", "subject")]
    [TestCase("""{"subject":"a\nb","targets":["orders"]}""", "subject")]
    [TestCase("""{"subject":"a\u202eb","targets":["orders"]}""", "subject")]
    [TestCase("""{"subject":"alice","targets":[]}""", "targets")]
    [TestCase("""{"subject":"alice","targets":["nope"]}""", "target \"nope\"")]
    [TestCase("""{"subject":"alice","targets":["orders"],"login":"root"}""", "login \"root\"")]
    [TestCase("""{"subject":"alice","targets":["orders","billing"],"login":"rw"}""", "target billing")]
    [TestCase("""{"subject":"alice","targets":["orders"],"ttl":"9h"}""", "at most 8h")]
    [TestCase("""{"subject":"alice","targets":["orders"],"ttl":"0s"}""", "ttl")]
    [TestCase("""{"subject":"alice","targets":["orders"],"session":"soon"}""", "session")]
    [TestCase("""{"subject":"alice","targets":["orders"],"session":"721h"}""", "at most 30d")]
    [TestCase("""{"subject":"alice","targets":["orders"],"uses":0}""", "uses")]
    [TestCase("""{"subject":"alice","targets":["orders"],"sources":["10.0.0.1/8"]}""", "source")]
    [TestCase("""{"subject":"alice","targets":["orders"],"sources":["10.1"]}""", "source")]
    [TestCase("""{"subject":"alice","targets":["orders"],"sources":["10.0/8"]}""", "source")]
    [TestCase("""{"subject":"alice","targets":["orders"],"sources":["2001:db8::1/32"]}""", "source")]
    [TestCase("""{"subject":"alice","targets":["orders"],"notBefore":"2999-01-01T00:00:00Z"}""", "notBefore")]
    public Task Refuses_to_mint_and_names_the_member(string body, string named) => RefusesAsync(body, named);

    [TestCase("""{"subject":"alice","targets":["orders"],"shape":"github"}""")]
    [TestCase("""{"subject":"alice","subject":"bob","targets":["orders"]}""")]
    [TestCase("""{"Subject":"alice","targets":["orders"]}""")]
    [TestCase("""{"targets":["orders"]}""")]
    [TestCase("""{"subject":null,"targets":["orders"]}""")]
    [TestCase("""{"subject":"alice","targets":"orders"}""")]
    [TestCase("""{"subject":"alice","targets":["orders"],"uses":"1"}""")]
    [TestCase("""{"subject":"alice","targets":["orders"]} {}""")]
    [TestCase("""{"subject":"alice","targets":["orders"],}""")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("")]
    public Task Refuses_json_that_is_not_exactly_the_form(string body) => RefusesAsync(body, "body");

    [Test]
    public async Task Refuses_null_entries_of_lists()
    {
        await RefusesAsync("""{"subject":"alice","targets":[null]}""", "");
        await RefusesAsync("""{"subject":"alice","targets":["orders"],"groups":[null]}""", "");
        await RefusesAsync("""{"subject":"alice","targets":["orders"],"sources":[null]}""", "");
    }

    [Test]
    public async Task Refuses_a_body_beyond_64_KiB_and_one_that_is_no_json()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        string big = $$"""{"subject":"{{new string('a', 65_536)}}","targets":["orders"]}""";
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", big)).Status, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good, "text/plain")).Status,
            Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }

    [Test]
    public async Task Warns_when_no_grant_serves_it()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        (HttpStatusCode status, JsonElement body, _) =
            await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", """{"subject":"alice","groups":["dba"],"targets":["orders"],"login":"ro"}""");
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(body.GetProperty("warnings")[0].GetString(), Does.StartWith("no grant lets local:alice use orders as ro"));
    }

    [Test]
    public async Task Shows_no_token_when_the_audit_log_fails()
    {
        await using AdminHarness daemon = new();
        daemon.Audit.Failure = new AuditFailedException("disk full");
        await daemon.StartAsync();
        (HttpStatusCode status, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good);
        Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(body.GetRawText(), Does.Not.Contain("wgp_").And.Not.Contain("disk full"));
    }

    [Test]
    public async Task A_placeholder_whose_caller_hung_up_in_the_middle_has_its_audit_record_all_the_same()
    {
        await using AdminHarness daemon = new();
        TaskCompletionSource stored = new();
        TaskCompletionSource disk = new();
        TaskCompletionSource recorded = new();
        daemon.Placeholders.Stored = token =>
        {
            stored.SetResult();
            // Waiting that could be ended by the caller is: this disk is slower than anybody's hanging up.
            return token.CanBeCanceled ? Task.Delay(Timeout.Infinite, token) : disk.Task;
        };
        daemon.Audit.Waited += recorded.SetResult;
        await daemon.StartAsync();
        using (Socket caller = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await caller.ConnectAsync(new UnixDomainSocketEndPoint(daemon.SocketPath));
            await caller.SendAsync(Encoding.UTF8.GetBytes(
                $"POST /v1/placeholders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Good.Length}\r\n\r\n{Good}"));
            await stored.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        disk.SetResult();
        await recorded.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That(daemon.Audit.Events.Single().Placeholder, Is.EqualTo(daemon.Placeholders.List().Single().Id));
    }

    [Test]
    public async Task Answers_503_when_the_store_fails_and_400_when_it_refuses()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        daemon.Placeholders.Failure = new StoreUnavailableException("locked");
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good)).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        daemon.Placeholders.Failure = null;
        daemon.Placeholders.Refusal = "wider than its parent";
        (HttpStatusCode status, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good);
        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(body.GetProperty("detail").GetString(), Is.EqualTo("wider than its parent"));
    }

    [Test]
    public async Task A_revocation_ends_the_sessions_and_is_audited()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good);
        daemon.Sessions.Open.Add(new SessionInfo { Id = "s1", Listener = "pg", Opened = default, Phase = SessionPhase.Relaying, Placeholder = "0000000001" });
        daemon.Sessions.Open.Add(new SessionInfo { Id = "s2", Listener = "pg", Opened = default, Phase = SessionPhase.Relaying, Placeholder = "other" });
        (HttpStatusCode status, JsonElement body, _) = await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders/revoke", """{"id":"0000000001"}""");
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(body.GetRawText(), Is.EqualTo("""{"revoked":["0000000001"],"sessions":1}"""));
        Assert.That(daemon.Sessions.Open.Single().Id, Is.EqualTo("s2"));
        Assert.That(daemon.Audit.Events[^1].Kind, Is.EqualTo(AuditEventKind.PlaceholderRevoked));
        Assert.That(daemon.Audit.Durable, Is.EqualTo(2));
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders/revoke", """{"id":"0000000001"}""")).Status,
            Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("{}")]
    [TestCase("""{"all":true,"id":"0000000001"}""")]
    [TestCase("""{"all":true,"target":"orders"}""")]
    public async Task Refuses_a_revocation_that_does_not_say_which(string body)
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", Good);
        Assert.That((await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders/revoke", body)).Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(daemon.Placeholders.List().Single().Revoked, Is.Null);
    }

    private static async Task RefusesAsync(string json, string named)
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        (HttpStatusCode status, JsonElement body, string? type) = await daemon.SendAsync(HttpMethod.Post, "/v1/placeholders", json);
        Assert.That((status, type), Is.EqualTo((HttpStatusCode.BadRequest, "application/problem+json")));
        Assert.That(body.GetProperty("detail").GetString(), Does.Contain(named).And.Not.Contain("\n").And.Not.Contain("WireGate."));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }
}
