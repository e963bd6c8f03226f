using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Http1;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Threats;

/// <summary>T05, T28 and T31: lengths that are only claimed, requests that two servers take for different ones, and fields that speak for the gateway.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RequestThreatTests(TransportKind transport) : HttpFixture(transport)
{
    // Of what came (T05).
    private const int MostMade = 100;

    private static IEnumerable<TestCaseData> Vectors => SmugglingVectors.Heads.Select(v => new TestCaseData(v).SetArgDisplayNames(v.Name));

    [TestCase("Content-Length: 9223372036854775807\r\n\r\nx", "Content-Length: 2\r\n\r\nx")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n40000000\r\nx", "Transfer-Encoding: chunked\r\n\r\n2\r\nx")]
    public async Task T05_No_length_that_a_client_merely_claims_is_allocated_for(string request, string honest)
    {
        async Task SendAsync(string rest)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync($"POST /v1 HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n{rest}");
            Assert.That(await (await AcceptAsync()).ReadUntilAsync("x"), Does.StartWith("POST /v1 HTTP/1.1\r\n"));
        }

        Assert.That(await MadeByAsync(() => SendAsync(request)) - await MadeByAsync(() => SendAsync(honest)), Is.LessThan(MostMade * request.Length));
    }

    [TestCase("Content-Length: 9223372036854775807\r\n\r\nx", "Content-Length: 2\r\n\r\nx")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n40000000\r\nx", "Transfer-Encoding: chunked\r\n\r\n2\r\nx")]
    public async Task T05_No_length_that_an_upstream_merely_claims_is_allocated_for(string response, string honest)
    {
        async Task AnswerAsync(string rest)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync(Request("GET /v1"));
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{rest}");
            Assert.That(await client.ReadUntilAsync("x"), Does.StartWith("HTTP/1.1 200 OK\r\n"));
        }

        Assert.That(await MadeByAsync(() => AnswerAsync(response)) - await MadeByAsync(() => AnswerAsync(honest)), Is.LessThan(MostMade * response.Length));
    }

    [TestCase(1, 40_000)]
    [TestCase(1_000, 10)]
    public async Task T05_A_head_without_end_is_431(int fields, int length)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(
            "GET / HTTP/1.1\r\nHost: api.test\r\n" + string.Concat(Enumerable.Range(0, fields).Select(i => $"X-{i}: {new string('a', length)}\r\n")) + "\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 431 "));
    }

    [TestCaseSource(nameof(Vectors))]
    public async Task T28_Of_a_head_that_two_may_read_nothing_goes_anywhere(SmugglingVector vector)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(vector.Text.Replace("\r\n\r\n", $"\r\nAuthorization: Bearer {Token}\r\n\r\n", StringComparison.Ordinal));

        Assert.That(await client.HeadAsync(), Does.StartWith($"HTTP/1.1 {vector.Status} "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("GET")]
    [TestCase("POST")]
    public async Task T28_A_body_that_the_upstream_left_unread_is_no_request(string method)
    {
        const string Left = "GET /admin HTTP/1.1\r\nHost: x\r\nX: ";
        var made = new List<string>();
        for (int i = 0; i < 2; i++)
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync(
                $"{method} /{i} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\nConnection: close\r\nContent-Length: {Left.Length}\r\n\r\n{Left}");
            RawPeer upstream = await AcceptAsync();
            string head = await upstream.HeadAsync();
            made.Add(head.Split(' ')[1]);
            Assert.That(head, Does.Contain("\r\nConnection: close\r\n"));
            await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            Assert.That(await client.ReadToEndAsync(), Does.EndWith("ok"));

            // What it would take for the next one ends with it.
            upstream.Finish();
            Assert.That(await upstream.ReadToEndAsync(), Is.EqualTo(Left));
        }

        Assert.That(made, Is.EqualTo(new[] { "/0", "/1" }));
    }

    [TestCase("/x/%2e%2e/admin")]
    [TestCase("/%2e%2e%2fadmin")]
    [TestCase("//admin/users")]
    [TestCase("/admin;v=1/users")]
    [TestCase("/x/..%2fadmin")]
    [TestCase("/%c0%ae%c0%ae/admin")]
    [TestCase("/x\\..\\admin")]
    [TestCase("/x%5c..%5cadmin")]
    public async Task T28_A_path_that_an_upstream_may_take_for_a_denied_one_is_refused(string path)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET " + path));

        Assert.That(await client.HeadAsync(), Does.Match("^HTTP/1.1 40[03] "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task T28_What_speaks_for_a_proxy_or_for_another_method_ends_here()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1", "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Host: admin\r\nForwarded: for=10.0.0.1\r\nX-HTTP-Method-Override: DELETE\r\n"
            + "Connection: X-Mine, keep-alive\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: Basic eDp5\r\nX-Yours: 2\r\n"));
        string head = await (await AcceptAsync()).HeadAsync();

        Assert.That(head, Does.Contain("X-Yours: 2\r\n").And.Contain($"Authorization: Bearer {Real}\r\n"));
        foreach (string gone in (string[])["Forwarded", "Method-Override", "X-Mine", "Keep-Alive", "Proxy-Authorization", "10.0.0.1"])
        {
            Assert.That(head, Does.Not.Contain(gone));
        }
    }

    [Test]
    public async Task T28_The_credential_is_not_dropped_by_naming_it_hop_by_hop()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1", "Connection: authorization, host\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n")]
    [TestCase("\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c\x0a\0\0\x01\x0a\0\0\x02\0\x01\0\x02", TestName = "T31_Nor_by_its_version_2")]
    public async Task T31_Nobody_says_by_the_PROXY_protocol_where_he_comes_from(string header)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(header + Request("GET /v1"));

        // What cannot be read at all is answered, and then read on for a moment of a clock that stands still here.
        client.Finish();
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task T31_Nor_between_two_requests()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + Request("GET /v1"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
    }

    // The least of some times: others make something, too.
    private static async Task<long> MadeByAsync(Func<Task> act)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await act();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
