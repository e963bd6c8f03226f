using System.Collections.Frozen;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>Who has waited long enough is told how to come back, and gets what was approved meanwhile: once, and nothing else.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ComingBackTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task After_55_seconds_it_is_403_with_the_approval_to_come_back_with()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        string answer = await LetComeBackAsync(client);

        Assert.That(answer, Does.StartWith("HTTP/1.1 403 Forbidden\r\n").And.Contain("Content-Type: application/problem+json\r\n").And.Contain($"WireGate-Approval: {id}\r\n"));
        JsonElement problem = Json(answer);
        Assert.That(problem.GetProperty("type").GetString(), Is.EqualTo("urn:wiregate:approval-required"));
        Assert.That(problem.GetProperty("status").GetInt32(), Is.EqualTo(403));
        Assert.That(problem.GetProperty("approval").GetString(), Is.EqualTo(id));
        Assert.That(problem.GetProperty("state").GetString(), Is.EqualTo("pending"));
        Assert.That(problem.GetProperty("until").GetString(), Is.EqualTo("2026-03-01T12:10:00Z"));
        Assert.That(problem.GetProperty("approvers")[0].GetProperty("groups")[0].GetString(), Is.EqualTo("sre"));
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain($"waiting for approval {id} by 1 of sre until 12:10:00Z").And.Contain("WireGate-Approval"));
        Assert.That(problem.GetProperty("ref").GetString(), Is.Not.Empty);
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
        Assert.That(Audit.Operations[^1].GetProperty("ref").GetString(), Is.EqualTo(problem.GetProperty("ref").GetString()));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_same_request_again_is_made_once(bool isNamed)
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: isNamed ? For(id) : ""));

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x ").And.Not.Contain("WireGate-Approval"));
        await client.ReadUntilAsync("\r\n\r\nok");
        await StateAsync(id, ApprovalState.Executed);
        Assert.That(Verdicts(id), Is.EqualTo((string[])["hold", "allow"]));
        await client.SendAsync(Post(fields: For(id)));
        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was made use of, which is good for once"));
        Assert.That(Store.All, Has.Length.EqualTo(1));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase(true, "this target takes a placeholder in the field X-Key")]
    [TestCase(false, "it would be sent otherwise by now than it was shown")]
    public async Task What_would_be_sent_otherwise_than_it_was_shown_is_not_sent(bool isSurface, string why)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Config = isSurface
            ? WithLogin(Config with { Version = "2" }, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "X-Key" })
            : Config with
            {
                Version = "2",
                Targets = Config.Targets.Values
                    .Select(t => t with { Logins = [t.Logins[0] with { Impersonate = new ImpersonationConfig { User = "root" } }] }).ToFrozenDictionary(t => t.Name),
            };
        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was given, and {why}"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task What_was_shown_in_clear_is_not_what_comes_back_for_TLS()
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        Config = WithTargets(Config, t => t with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull } });
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: For(id)));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} is for another request: it has another method or URL"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Who_comes_back_early_waits_again()
    {
        string id = await LeaveOneAsync();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: For(id)));
        await Until.TrueAsync(() => Audit.Operations.Count == 3, "the request to be held again");
        Assert.That(await LetComeBackAsync(client), Does.StartWith("HTTP/1.1 403 ").And.Contain(id));
        await client.SendAsync(Post(fields: For(id)));
        await Until.TrueAsync(() => Audit.Operations.Count == 5, "the request to be held again");
        await ApproveAsync(id);

        await ServeAsync(body: 3);
        await client.ReadUntilAsync("\r\n\r\nok");
        Assert.That(Store.All, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Who_comes_back_late_is_refused_and_may_ask_anew()
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        Time.Advance(Approval.Validity + TimeSpan.FromSeconds(1));
        await StateAsync(id, ApprovalState.Expired);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: For(id)));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("nobody made use of it in time"));
        await client.SendAsync(Post());
        await AskedAsync(2);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Who_comes_back_for_what_was_denied_is_told_why()
    {
        string id = await LeaveOneAsync();
        await Approvals.DenyAsync(Ann, id, "not on Fridays", CancellationToken.None);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: For(id)));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was denied: not on Fridays"));
    }

    [TestCase("a=2", "", "/held/x", "it has another body")]
    [TestCase("a=1", "X-Other: 1\r\n", "/held/x", "it has other fields")]
    [TestCase("a=1", "", "/held/y", "it has another method or URL")]
    [TestCase("a=1", "", "/held/x?y", "it has another method or URL")]
    [TestCase("a=11", "", "/held/y", "it has another method or URL and another body")]
    public async Task T36_Another_request_is_not_made(string body, string fields, string path, string expected)
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(body, fields + For(id), path));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} is for another request: {expected}"));
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Approved));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("bob")]
    [TestCase("Alice")]
    public async Task T33_Somebody_elses_approval_is_as_if_it_were_not_there(string subject)
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        string other = Mint(subject);
        foreach (string named in (string[])[id, "apr_aaaaaaaaaaaaaaaa"])
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync(Post(fields: For(named)).Replace(Token, other, StringComparison.Ordinal));
            Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"there is no approval {named} for this caller"));
        }

        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Approved));
        Assert.That(Store.All, Has.Length.EqualTo(1));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task The_same_caller_with_another_placeholder_may_come_back()
    {
        string id = await LeaveOneAsync();
        await ApproveAsync(id);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: For(id)).Replace(Token, Mint("alice"), StringComparison.Ordinal));

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x "));
    }

    [Test]
    public async Task T37_Of_two_who_come_back_at_once_one_has_it()
    {
        string id = await LeaveOneAsync();
        RawPeer[] clients = [await ConnectAsync(), await ConnectAsync()];
        foreach (RawPeer client in clients)
        {
            await client.SendAsync(Post(fields: For(id)));
        }

        await Until.TrueAsync(() => Audit.Operations.Count == 4, "both to wait");
        await ApproveAsync(id);
        await ServeAsync(body: 3);
        string[] answers = await Task.WhenAll(clients.Select(async c => await c.ReadUntilAsync("\r\n\r\n") + await c.ReadAsync(2)));

        Assert.That(answers.Count(a => a.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(answers.Count(a => a.StartsWith("HTTP/1.1 403 ", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Of_two_who_wait_one_may_leave()
    {
        string id = await LeaveOneAsync();
        RawPeer one = await ConnectAsync(), other = await ConnectAsync();
        await one.SendAsync(Post(fields: For(id)));
        await Until.TrueAsync(() => Audit.Operations.Count == 3, "it to wait");
        await other.SendAsync(Post(fields: For(id)));
        await Until.TrueAsync(() => Audit.Operations.Count == 4, "both to wait");
        one.Dispose();
        await Until.TrueAsync(() => Records(Core.Audit.AuditEventKind.SessionEnded).Count == 2, "the one to be gone");
        await ApproveAsync(id);

        await ServeAsync(body: 3);
        Assert.That(await other.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 200 "));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Who_prefers_that_is_told_at_once_where_to_look(bool isAsyncAgain)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: "Prefer: respond-async\r\n"));
        string answer = await client.ReadUntilAsync("}\n");
        string id = await AskedAsync(), place = $"/.well-known/wiregate/approvals/{id}";

        Assert.That(answer, Does.StartWith("HTTP/1.1 202 Accepted\r\n").And.Contain("Preference-Applied: respond-async\r\n").And.Contain($"Location: {place}\r\n"));
        Assert.That(Json(answer).GetProperty("url").GetString(), Is.EqualTo(place));
        await client.SendAsync(Request($"GET {place}"));
        string pending = await client.ReadUntilAsync("}\n");
        Assert.That(pending, Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contain("Retry-After: "));
        Assert.That(Json(pending).GetProperty("state").GetString(), Is.EqualTo("pending"));
        await ApproveAsync(id);
        await client.SendAsync(Request($"GET {place}"));
        Assert.That(Json(await client.ReadUntilAsync("}\n")).GetProperty("state").GetString(), Is.EqualTo("approved"));
        await client.SendAsync(Post(fields: isAsyncAgain ? "Prefer: respond-async\r\n" : ""));
        Assert.That(await ServeAsync(body: 3), Does.Not.Contain("Prefer"));
        Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 200 "));
    }

    [Test]
    public async Task Who_prefers_to_wait_a_little_does_so_before()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(fields: "Prefer: respond-async, wait=10\r\n"));
        await AskedAsync();
        DateTimeOffset before = Time.GetUtcNow();

        Assert.That(await LetComeBackAsync(client, step: 1), Does.StartWith("HTTP/1.1 202 "));
        Assert.That(Time.GetUtcNow() - before, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)).And.LessThan(TimeSpan.FromSeconds(55)));
    }

    [Test]
    public async Task T33_Where_to_look_is_for_who_asked_alone()
    {
        string id = await LeaveOneAsync();
        (string Token, string Status)[] askers = [(Token, "200"), (Mint("bob"), "404"), ("wgp_none", "401")];
        foreach ((string token, string status) in askers)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync($"GET /.well-known/wiregate/approvals/{id} HTTP/1.1\r\nHost: nobody.test\r\nAuthorization: Bearer {token}\r\n\r\n");
            Assert.That(await client.ReadToEndAsync(), Does.StartWith($"HTTP/1.1 {status} "));
        }

        RawPeer missing = await ConnectAsync();
        await missing.SendAsync(Request("GET /.well-known/wiregate/approvals/apr_aaaaaaaaaaaaaaaa"));
        Assert.That(await missing.ReadToEndAsync(), Does.StartWith("HTTP/1.1 404 "));
    }

    [Test]
    public async Task What_needs_no_approval_any_more_is_made_and_the_field_ends_here()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ok", For("apr_aaaaaaaaaaaaaaaa")));

        Assert.That(await ServeAsync(), Does.Not.Contain("apr_"));
    }

    private async Task<string> LeaveOneAsync()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Assert.That(await LetComeBackAsync(client), Does.StartWith("HTTP/1.1 403 "));
        client.Dispose();
        return id;
    }

    private static JsonElement Json(string answer) => JsonElement.Parse(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
}
