using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Who may ask for what, and what of it is written down.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RequestJudgementTests(TransportKind transport) : HttpFixture(transport)
{
    [TestCase("")]
    [TestCase("Authorization: Bearer something-else\r\n")]
    [TestCase("Authorization: Bearer wgp_0123456789_0123456789012345678901234567890123456789\r\n")]
    [TestCase("Authorization: Basic YTpi\r\n")]
    public async Task Without_a_placeholder_nothing_is_asked(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\n{fields}\r\n");

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 401 ").And.Contain("WWW-Authenticate: Bearer"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.AuthenticationFailed));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("alice:{0}")]
    [TestCase("{0}:x-oauth-basic")]
    [TestCase("{0}:")]
    public async Task A_placeholder_may_be_either_half_of_Basic(string pair)
    {
        string basic = Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, pair, Token)));
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Basic {basic}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain($"Authorization: Bearer {Real}\r\n").And.Not.Contain(basic));
    }

    [TestCase("GET /?key={0}", "", TestName = "A placeholder in the query and in a field")]
    [TestCase("GET /{0}", "", TestName = "A placeholder in the path")]
    [TestCase("GET /", "Referer: https://x/?t={0}\r\n", TestName = "A placeholder in Referer")]
    [TestCase("GET /", "Cookie: a=b; c={0}\r\n", TestName = "A placeholder in a cookie")]
    [TestCase("GET /", "X-Api-Key: {0}\r\n", TestName = "A placeholder in two fields")]
    public async Task Where_none_belongs_is_refused(string line, string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, Request(line, fields).Replace(Token, "{1}", StringComparison.Ordinal), Token, Token));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Whoever_sends_on_when_it_is_refused_is_told_why()
    {
        RawPeer client = await ConnectAsync();

        // More than all buffers between the two hold: it is a reset that would stop it, or somebody who reads.
        await client.SendAsync("POST /x HTTP/1.1\r\nHost: api.test\r\nContent-Length: 20000000\r\n\r\n");
        await client.SendAsync(new byte[14_000_000]);

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 401 "));
    }

    [Test]
    public async Task A_placeholder_that_has_been_used_up_is_refused()
    {
        string once = Placeholders.Mint(p => p with { Targets = ["api"], UsesLeft = 1 }).Token;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1").Replace(Token, once, StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        await client.SendAsync(Request("GET /2").Replace(Token, once, StringComparison.Ordinal));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 401 "));
    }

    [Test]
    public async Task A_rule_refuses_one_request_and_not_the_next()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /admin/users") + Request("GET /ok"));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 Forbidden\r\n").And.Contain("denied by rule \\\"no-admin\\\": not for agents"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /ok "));
    }

    [TestCase("/x/../admin")]
    [TestCase("/%2e%2e/admin")]
    [TestCase("/%61dmin/users")]
    [TestCase("/x%2f..%2fadmin")]
    [TestCase("//admin")]
    [TestCase("/admin;x")]
    [TestCase("/admin/")]
    public async Task A_path_that_may_be_another_is_refused(string path)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET " + path));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_target_is_chosen_by_what_the_path_begins_with()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /other/v1?q").Replace("api.test", "gate.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /v1?q HTTP/1.1\r\n"));
    }

    [TestCase("gate.test", "/nothing")]
    [TestCase("gate.test", "/otherwise")]
    public async Task What_is_no_target_is_not_there(string host, string path)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET " + path).Replace("api.test", host, StringComparison.Ordinal));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 404 "));
    }

    [Test]
    public async Task What_is_asked_is_written_down_before_it_is_asked()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("DELETE /v1/x?y=1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();

        var written = Audit.Operations.Single();
        Assert.That(
            (written.GetProperty("verdict").GetString(), written.GetProperty("method").GetString(), written.GetProperty("host").GetString(), written.GetProperty("path").GetString(), written.GetProperty("query").GetString()),
            Is.EqualTo(("allow", "DELETE", "api.test", "/v1/x", "y=1")));
    }

    [Test]
    public async Task What_changes_something_waits_for_the_disk()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        Audit.HoldDisk();
        int before = Audit.Waits;
        await client.SendAsync(Request("POST /2", "Content-Length: 0\r\n"));
        await Testing.Time.Until.TrueAsync(() => Audit.Waits > before, "the request to wait");
        Audit.ReleaseDisk();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("POST /2 ").And.Contain("Content-Length: 0"));
    }

    [Test]
    public async Task An_answer_waits_for_the_disk()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Audit.HoldDisk();
        int before = Audit.Waits;
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await Testing.Time.Until.TrueAsync(() => Audit.Waits > before, "the answer to wait");
        Audit.ReleaseDisk(new AuditFailedException("the disk is gone"));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 503 "));
    }

    [Test]
    public async Task What_cannot_be_written_down_is_not_asked()
    {
        Audit.FailsOperations = true;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 503 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Another_placeholder_or_target_is_another_session()
    {
        string another = Placeholders.Mint(p => p with { Targets = ["api"] }).Token;
        RawPeer client = await ConnectAsync();
        RawPeer? upstream = null;
        foreach (string request in (string[])[Request("GET /1"), Request("GET /2").Replace(Token, another, StringComparison.Ordinal), Request("GET /other/3")
            .Replace("api.test", "gate.test", StringComparison.Ordinal)])
        {
            await client.SendAsync(request);
            upstream = upstream is null || request.Contains("/other", StringComparison.Ordinal) ? await AcceptAsync() : upstream;
            await upstream.HeadAsync();
            await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
            await client.ReadUntilAsync("\r\n\r\nx");
        }

        await client.SendAsync("GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer no\r\n\r\n");
        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 401 "));
        await Testing.Time.Until.TrueAsync(() => Records(AuditEventKind.SessionEnded).Count == 3, "three sessions to have ended");
        Assert.That(Records(AuditEventKind.SessionOpened).Select(e => e.Session), Is.Unique.And.Exactly(3).Items);
        Assert.That(Records(AuditEventKind.SessionAuthenticated).Select(e => e.Target), Is.EqualTo(new[] { "api", "api", "other" }));
        Assert.That(Audit.Operations.Select(o => o.GetProperty("session").GetString()), Is.EqualTo(Records(AuditEventKind.SessionOpened).Select(e => e.Session)));
    }

    [Test]
    public async Task A_revoked_placeholder_ends_its_connections()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Sessions.KillAll(SessionEnd.Revoked);

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
    }

    [Test]
    public async Task Whoever_does_not_finish_a_head_is_cut_off()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        await client.SendAsync("GET / HTTP/1.1\r\nX: ");
        Task<string> rest = client.ReadToEndAsync();
        await Testing.Time.Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return rest.IsCompleted;
            },
            "the connection to be cut");

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }
}
