using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Holding;

/// <summary>What people have approved before anybody was connected is made at once, if it is the very same.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class BeforehandTests(TransportKind transport) : HeldFixture(transport)
{
    private const string Asked = "POST /held/x?y=1 HTTP/1.1\nHost: api.test\nUser-Agent: a\nX-Other: 1\n\na=1";

    [TestCase(Asked, TestName = "A_file_whose_lines_end_with_LF")]
    [TestCase("POST /held/x?y=1 HTTP/1.1\r\nHost: api.test\r\nUser-Agent: a\r\nX-Other: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=1", TestName = "A_request_as_it_is_sent")]
    public async Task What_was_approved_is_made_at_once_and_once(string asked)
    {
        string id = await GivenAsync(asked);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Made());

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x?y=1 HTTP/1.1\r\n").And.Contain($"Authorization: Bearer {Real}\r\n").And.EndWith("\r\n\r\na=1"));
        await client.ReadUntilAsync("\r\n\r\nok");
        await StateAsync(id, ApprovalState.Executed);
        Assert.That(Verdicts(id), Is.EqualTo((string[])["allow"]));
        await client.SendAsync(Made());
        Assert.That(await AskedAsync(2), Is.Not.EqualTo(id), "another asks again");
    }

    [TestCase("/held/x?y=2", "User-Agent: a\r\nX-Other: 1\r\n", "a=1")]
    [TestCase("/held/x?y=1", "User-Agent: b\r\nX-Other: 1\r\n", "a=1")]
    [TestCase("/held/x?y=1", "X-Other: 1\r\nUser-Agent: a\r\n", "a=1")]
    [TestCase("/held/x?y=1", "User-Agent: a\r\nX-Other: 1\r\n", "a=2")]
    public async Task A_byte_that_differs_waits_for_people(string path, string fields, string body)
    {
        await GivenAsync(Asked);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Made(path, fields, body));
        await AskedAsync(2);

        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task People_see_what_they_would_see_of_it_in_place()
    {
        string id = await GivenAsync(Asked, approve: false);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Made());
        string held = await AskedAsync(2);

        Assert.That(Of(id).Request.Display, Is.EqualTo(Of(held).Request.Display).And.Contain("Authorization: ***").Or.Contain("Bearer ***"));
        Assert.That((Of(id).Request.Digest.ToArray(), Of(id).Request.Key.ToArray()), Is.EqualTo((Of(held).Request.Digest.ToArray(), Of(held).Request.Key.ToArray())));
        Assert.That(Of(id).Request.Context, Is.EqualTo(Of(held).Request.Context));
    }

    [Test]
    public async Task The_path_of_a_target_is_the_clients()
    {
        await GivenAsync("POST /api/held/x HTTP/1.1\nHost: gate.test\n\na=1");
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /api/held/x", "Content-Length: 3\r\n", "a=1").Replace("Host: api.test", "Host: gate.test", StringComparison.Ordinal));

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x HTTP/1.1\r\n"));
    }

    [TestCase("", "no empty line")]
    [TestCase("GET / HTTP/1.1\nHost: api.test\n", "no empty line")]
    [TestCase("GET / HTTP/1.1\n\n", "no Host")]
    [TestCase("GET /x y HTTP/1.1\nHost: api.test\n\n", "request")]
    [TestCase("GET / HTTP/1.1\nHost: other.test\n\n", "neither its Host nor its path is one of target api")]
    [TestCase("POST / HTTP/1.1\nHost: api.test\nContent-Length: 2\n\na=1", "Content-Length: 2, and 3 bytes")]
    [TestCase("POST / HTTP/1.1\nHost: api.test\nTransfer-Encoding: chunked\n\n0\n\n", "Transfer-Encoding")]
    [TestCase("GET / HTTP/1.1\nHost: api.test\nAuthorization: Bearer {0}\n\n", "a placeholder")]
    public void Refuses_what_nobody_could_send(string text, string why)
    {
        bool isRead = BeforehandRequest.TryRead(
            Config, Config.Targets["api"], Encoding.ASCII.GetBytes(text.Replace("{0}", Token, StringComparison.Ordinal)), out BeforehandRequest? request, out string? problem);

        Assert.That((isRead, request), Is.EqualTo((false, (BeforehandRequest?)null)));
        Assert.That(problem, Does.Contain(why));
    }

    [Test]
    public void Refuses_more_than_people_could_be_shown() => Assert.That(
        BeforehandRequest.TryRead(Config, Config.Targets["api"], new byte[BeforehandRequest.Most + 1], out _, out string? problem), Is.False, problem);

    private string Made(string path = "/held/x?y=1", string fields = "User-Agent: a\r\nX-Other: 1\r\n", string body = "a=1") =>
        Request($"POST {path}", $"{fields}Content-Length: {body.Length}\r\n", body);

    // As wiregate approval request does it.
    private async Task<string> GivenAsync(string asked, bool approve = true)
    {
        TargetConfig target = Config.Targets["api"];
        Assert.That(BeforehandRequest.TryRead(Config, target, Encoding.ASCII.GetBytes(asked), out BeforehandRequest? request, out string? problem), problem);
        using (request)
        {
            Identity who = Placeholders.Find(Encoding.ASCII.GetBytes(Token[4..14]))!.Identity;
            BeforehandText text = request!.TextFor(who, target, target.Logins[0], MaskSet.None)!;
            Approval given = await Approvals.RequestAsync(
                new ApprovalRequest
                {
                    Kind = ApprovalKind.Beforehand,
                    Requester = who,
                    AskedBy = who,
                    Target = target.Name,
                    Login = target.Logins[0].Name,
                    Protocol = target.Protocol,
                    Digest = text.Digest,
                    Key = text.Key,
                    Display = text.Display,
                    Context = text.Context,
                    Config = Config.Version,
                    Terms = Terms,
                },
                CancellationToken.None);
            if (approve)
            {
                await ApproveAsync(given.Id);
            }

            return given.Id;
        }
    }
}
