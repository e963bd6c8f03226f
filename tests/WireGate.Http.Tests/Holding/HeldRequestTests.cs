using System.Diagnostics;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>A request waits for people while its client does: what becomes of it in place.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldRequestTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task What_people_approve_is_made_once_with_the_real_credential()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post("a=1&b=2", "X-Other: 1\r\n"));
        string id = await AskedAsync();
        Assert.That(IsUpstreamAsked, Is.False);

        await ApproveAsync(id);

        string got = await ServeAsync(body: 7, status: "201 Created");
        Assert.That(got, Does.StartWith("POST /held/x HTTP/1.1\r\n").And.Contain($"Authorization: Bearer {Real}\r\n").And.Contain("X-Other: 1\r\n").And.EndWith("\r\n\r\na=1&b=2"));
        Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 201 Created\r\n"));
        await StateAsync(id, ApprovalState.Executed);
        Assert.That(Of(id).Detail, Is.EqualTo("the upstream answered 201"));
        Assert.That(Verdicts(id), Is.EqualTo((string[])["allow"]));
        Assert.That(Audit.Operations.Select(o => o.GetProperty("verdict").GetString()), Is.EqualTo((string[])["hold", "allow"]));
        Assert.That(Audit.Operations[1].GetProperty("body").GetString(), Does.StartWith("7 bytes, sha256 "));
    }

    [Test]
    public async Task A_long_one_is_shown_when_it_is_its_turn()
    {
        using var first = new ManualResetEventSlim();
        Task begun = TakeTurnAsync(first);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post(new string('x', 70_000)));
        await Until.TrueAsync(() => Held.Turns.Waiting == 1, "it to wait");
        Assert.That(Store.All, Is.Empty);

        first.Set();
        await ApproveAsync(await AskedAsync());
        Assert.That(await ServeAsync(body: 70_000), Does.EndWith(new string('x', 70_000)));
        await begun;
    }

    [Test]
    public async Task A_no_is_403_and_the_next_request_has_an_answer_of_its_own()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        await Approvals.DenyAsync(Ann, id, "not on Fridays", CancellationToken.None);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"denied by rule \\\"careful\\\": approval {id} was denied: not on Fridays").And.Contain("\"ref\""));
        await client.SendAsync(Request("GET /ok"));
        Assert.That(await ServeAsync(), Does.StartWith("GET /ok "));
        await client.ReadUntilAsync("\r\n\r\nok");
    }

    [Test]
    public async Task Requests_behind_it_wait_their_turn()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post() + Request("GET /behind"));
        string id = await AskedAsync();
        Assert.That(IsUpstreamAsked, Is.False);
        await ApproveAsync(id);

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x "));
        RawPeer _ = client;
        await client.ReadUntilAsync("\r\n\r\nok");
        await Until.TrueAsync(() => Audit.Operations.Count == 3, "the next request");
        Assert.That(Audit.Operations[2].GetProperty("path").GetString(), Is.EqualTo("/behind"));
    }

    [Test]
    public async Task A_client_that_leaves_takes_its_request_back()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        client.Dispose();

        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
        Assert.That((await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None)).IsTaken, Is.False);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_client_that_leaves_behind_more_requests_takes_its_request_back()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post() + Request("GET /behind"));
        string id = await AskedAsync();

        client.Dispose();

        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None)).IsTaken, Is.False);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_revoked_placeholder_ends_the_wait()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        Sessions.KillPlaceholders([Of(id).Request.Placeholder!]);

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
    }

    [Test]
    public async Task A_session_that_ended_before_its_wait_began_takes_its_request_back()
    {
        var answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Store.Answers = answers.Task;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        Sessions.KillPlaceholders([Of(id).Request.Placeholder!]);
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        answers.SetResult();

        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
    }

    [Test]
    public async Task What_is_denied_by_now_is_not_made_though_it_was_approved()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Config = WithRule(Config, Verdict.Deny);

        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was given, and"));
        await StateAsync(id, ApprovalState.Failed);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task What_other_people_are_asked_for_by_now_is_not_made()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Config = WithRule(Config, Verdict.Hold, Terms with { Approvers = [new ApproverTerms(null, ["security"], 1)] });

        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("other people are asked for by now"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("https")]
    [TestCase("another address")]
    public async Task What_would_go_elsewhere_by_now_than_it_was_shown_is_not_made(string what)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Config = WithTargets(Config, t => what == "https" ? t with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull } } : t with { Addresses = [t.Addresses[0], t.Addresses[0]] });

        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("it would be sent otherwise by now than it was shown"));
        await StateAsync(id, ApprovalState.Failed);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task What_nobody_decides_in_time_is_denied()
    {
        Config = WithRule(Config, Verdict.Hold, Terms with { Within = TimeSpan.FromSeconds(30) });
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();

        Time.Advance(TimeSpan.FromSeconds(31));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} has expired: nobody decided in time"));
        await StateAsync(id, ApprovalState.Expired);
    }

    [Test]
    public async Task An_upstream_that_is_not_reached_uses_the_approval_up()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        File.WriteAllText(SecretFile, "");
        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
        await StateAsync(id, ApprovalState.Failed);
    }

    [Test]
    public async Task What_an_upstream_never_answered_is_not_made_again()
    {
        // A connection that waits for another request, and is closed when that comes.
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ok"));
        await ServeAsync();
        await client.ReadUntilAsync("\r\n\r\nok");
        await client.SendAsync(Request("DELETE /held/x"));
        string id = await AskedAsync();
        await ApproveAsync(id);

        using (RawPeer upstream = await AcceptAsync())
        {
            Assert.That(await upstream.HeadAsync(), Does.StartWith("DELETE /held/x "));
        }

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
        await StateAsync(id, ApprovalState.Executed);
        Assert.That(Of(id).Detail, Does.Contain("whether it ran is not known"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Nothing_is_sent_that_is_not_on_disk()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        Audit.FailsOperations = true;
        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 503 "));
        client.Dispose();
        Assert.That(IsUpstreamAsked, Is.False);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.AuditFailed));
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Claimed), "nobody makes use of it any more");
    }

    [Test]
    public async Task Nobody_is_asked_without_a_store()
    {
        Store.Failure = new Core.Credentials.StoreUnavailableException("the disk is gone");
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 503 ").And.Contain("nobody can be asked"));
        Store.Failure = null;
    }

    [Test]
    public async Task T09_More_than_people_can_read_is_429()
    {
        for (int i = 1; i <= ApprovalRegistry.MostOfOne; i++)
        {
            RawPeer waiting = await ConnectAsync();
            await waiting.SendAsync(Post($"a={i:d3}"));
            await AskedAsync(i);
        }

        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 429 "));
    }

    [Test]
    public async Task T09_Hundreds_wait_and_hold_no_thread()
    {
        const int Callers = 20;
        int before = Process.GetCurrentProcess().Threads.Count;
        var clients = new List<RawPeer>();
        for (int i = 0; i < Callers; i++)
        {
            string token = Mint($"caller-{i}");
            for (int j = 0; j < ApprovalRegistry.MostOfOne; j++)
            {
                clients.Add(await ConnectAsync());
                await clients[^1].SendAsync(Post($"a={j:d3}").Replace(Token, token, StringComparison.Ordinal));
            }
        }

        await AskedAsync(Callers * ApprovalRegistry.MostOfOne);
        Assert.That(Process.GetCurrentProcess().Threads.Count - before, Is.LessThan(30));
        clients.ForEach(c => c.Dispose());
        await Until.TrueAsync(() => Store.All.All(a => a.State == ApprovalState.Withdrawn), "all to be taken back");
    }

    [Test]
    public async Task The_same_request_twice_at_once_waits_for_two_approvals()
    {
        RawPeer one = await ConnectAsync(), other = await ConnectAsync();
        await one.SendAsync(Post());
        string first = await AskedAsync();
        await other.SendAsync(Post());
        string second = await AskedAsync(2);
        Assert.That(Of(first).Request.Digest.Span.SequenceEqual(Of(second).Request.Digest.Span));

        await ApproveAsync(first);

        await ServeAsync(body: 3);
        await one.ReadUntilAsync("\r\n\r\nok");
        Assert.That(Of(second).State, Is.EqualTo(ApprovalState.Pending));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
