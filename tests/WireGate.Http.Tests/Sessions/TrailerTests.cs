using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Fields behind a body, in both directions and between both versions: target "api" is asked in HTTP/2, "other" in HTTP/1.1.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class TrailerTests(TransportKind transport) : HttpFixture(transport)
{
    // What an upstream must not say there, or to nobody.
    private const string Forged =
        "content-length: 5\nhost: x\nauthorization: Bearer x\ncookie: a=1\nset-cookie: a=1\nimpersonate-user: root\nimpersonate-uid: 0\nimpersonate_uid: 0\ncontent-type: text/html\nimpersonate_group: x\nx_forwarded_for: y\n"
        + "x-forwarded-user: x\nx_real_ip: x\nuser-agent: x\nmax-forwards: 1\nif-match: x\nrange: x\n"
        + "cache-control: public\ndate: x\nage: 1\nvary: x\nexpires: x\nretry-after: 1\nwarning: x\n";

    private static readonly string RealInBase64 = Convert.ToBase64String(Encoding.ASCII.GetBytes($"<{Real}>")).TrimEnd('=');

    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = config with
        {
            Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
            Targets = config.Targets.Values.Select(t => t.Name == "api" ? t with { Http2 = TargetHttp2.Clear } : t).ToFrozenDictionary(t => t.Name),
        };
        RuleConfig known = config.Rules.List[0];
        ImmutableArray<RuleConfig> rules =
        [
            known,
            known with
            {
                Name = "tier", Do = Core.Policy.Verdict.Deny,
                Match = new MatchConfig { Http = new HttpMatchConfig { Headers = [KeyValuePair.Create("x-tier", new NamePattern("gold"))] } },
            },
        ];
        return config with { Rules = config.Rules with { List = rules } };
    }

    [Test]
    public async Task Of_an_answer_those_that_mean_nothing_in_a_head_go_on_without_the_secret()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "te: trailers\n"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Assert.That((await upstream.RequestAsync(1, r => r.IsWhole)).Head, Does.Contain("te: trailers\n"));
        await upstream.HeadersAsync(1, ":status: 200\n");
        await upstream.DataAsync(1, "x");
        await upstream.HeadersAsync(1, $"grpc-status: 3\ngrpc-message: not {Real}\nx-detail-bin: {RealInBase64}, {RealInBase64}=\n{Forged}etag: \"1\"\n", isLast: true);
        Http2Answer answer = await client.AnswerAsync(stream);

        Assert.That(answer.Heads, Has.Count.EqualTo(2));
        string hidden = Convert.ToBase64String(Encoding.ASCII.GetBytes($"<{new string('*', Real.Length)}>")).TrimEnd('=');
        Assert.That(answer.Heads[1], Is.EqualTo($"grpc-status: 3\ngrpc-message: not {new string('*', Real.Length)}\nx-detail-bin: {hidden}, {hidden}=\netag: \"1\"\n"));
    }

    [Test]
    public async Task Of_an_answer_in_chunks_they_reach_a_client_of_HTTP_2()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Other(Fields("GET", "/a", "te: trailers\n")));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("\r\nTE: trailers\r\nConnection: TE\r\n"));
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum:  1 \r\nContent-Length: 9\r\nX-Who: {Real}\r\n\r\n");
        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That((answer.Heads[0], answer.Body, answer.Heads[1]), Is.EqualTo((":status: 200\n", "abc", $"x-sum: 1\nx-who: {new string('*', Real.Length)}\n")));

        int next = await client.AskAsync(Other(Fields("GET", "/b")));
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Assert.That((await client.AnswerAsync(next)).Heads, Has.Count.EqualTo(1), "those of another answer are gone");
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(false, false)]
    public async Task A_client_of_HTTP_1_gets_them_where_it_says_that_it_reads_them(bool isHttp2, bool reads)
    {
        RawPeer client = await ConnectAsync();
        string request = Request("GET /a", reads ? "TE: deflate;q=0.5, trailers\r\nConnection: TE\r\n" : "");
        await client.SendAsync(isHttp2 ? request : request.Replace("api.test", "other.test", StringComparison.Ordinal));
        if (isHttp2)
        {
            Http2UpstreamPeer upstream = await AcceptHttp2Async();
            Assert.That((await upstream.RequestAsync(1)).Head.Contains("te: trailers\n", StringComparison.Ordinal), Is.EqualTo(reads));
            await upstream.HeadersAsync(1, ":status: 200\n");
            await upstream.DataAsync(1, "abc");
            await upstream.HeadersAsync(1, $"x-sum: 1\n{Forged}", isLast: true);
        }
        else
        {
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: x\r\n\r\n");
        }

        await client.HeadAsync();
        Assert.That(await client.ReadUntilAsync("\r\n0\r\n") + await client.ReadUntilAsync("\r\n"), Is.EqualTo(reads ? "3\r\nabc\r\n0\r\nx-sum: 1\r\n" : "3\r\nabc\r\n0\r\n\r\n"));
        if (reads)
        {
            Assert.That(await client.ReadUntilAsync("\r\n"), Is.EqualTo("\r\n"));
        }
    }

    [Test]
    public async Task A_name_that_is_the_secret_ends_there()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "te: trailers\n"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.HeadersAsync(1, ":status: 200\n");
        await upstream.HeadersAsync(1, $"x-{Real}: 1\nx-sum: 1\n", isLast: true);

        Assert.That((await client.AnswerAsync(stream)).Heads[1], Is.EqualTo("x-sum: 1\n"));
    }

    [Test]
    public async Task What_Connection_names_ends_there()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Other(Request("GET /a", "TE: trailers\r\nConnection: TE\r\n")));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop\r\n\r\n3\r\nabc\r\n0\r\nX-Hop: 1\r\nX-Sum: 1\r\n\r\n");
        await client.HeadAsync();

        Assert.That(await client.ReadUntilAsync("x-sum: 1\r\n\r\n"), Is.EqualTo("3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"));
    }

    [TestCase("-_", "")]
    [TestCase("+/", " ")]
    public async Task Base64_is_read_as_its_readers_do(string alphabet, string blank)
    {
        string coded = Convert.ToBase64String(Encoding.Latin1.GetBytes($"\xff\xfe\xfb{Real}")).Replace('+', alphabet[0]).Replace('/', alphabet[1]);
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "te: trailers\n"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.HeadersAsync(1, ":status: 200\n");
        await upstream.HeadersAsync(1, $"x-bin: {coded[..10]}{blank}{coded[10..]}\n", isLast: true);

        string seen = (await client.AnswerAsync(stream)).Heads[1]["x-bin: ".Length..].Replace(" ", "", StringComparison.Ordinal);
        Assert.That(seen, Does.Not.Contain(coded[8..^8]));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Of_a_request_they_end_unless_it_is_a_call_of_gRPC(bool isHttp2)
    {
        if (isHttp2)
        {
            Http2Peer client = await ConnectHttp2Async();
            int stream = await client.AskAsync(Fields("POST", "/a"), "abc", isWhole: false);
            await client.TrailersAsync(stream, "x-sum: 1\n");
        }
        else
        {
            RawPeer client = await ConnectAsync();
            await client.SendAsync(Request("POST /a", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"));
        }

        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Http2Request request = await upstream.RequestAsync(1, r => r.IsWhole);
        Assert.That((request.Heads.Count, request.Body), Is.EqualTo((1, "abc")));
    }

    [Test]
    public async Task Of_a_call_of_gRPC_they_reach_an_upstream_of_HTTP_2()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "content-type: application/grpc\n"), "abc", isWhole: false);
        await client.TrailersAsync(stream, "x-sum: 1\nx-tier: gold\n" + Forged);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Http2Request request = await upstream.RequestAsync(1, r => r.IsWhole);
        Assert.That((request.Heads.Count, request.Body), Is.EqualTo((2, "abc")));
        Assert.That(request.Heads[1], Is.EqualTo("x-sum: 1\n"), "neither what rules judge by, nor what frames it or says who asks");
    }

    [Test]
    public async Task Of_a_request_they_end_before_an_upstream_of_HTTP_1()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Other(Fields("POST", "/a")), "abc", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await client.TrailersAsync(stream, "x-sum: 1\n");
        Assert.That(await upstream.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("3\r\nabc\r\n0\r\n\r\n"));
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(false, false)]
    public async Task A_placeholder_in_one_reaches_no_upstream(bool isHttp2, bool isBinary)
    {
        Http2Peer client = await ConnectHttp2Async();
        string fields = Fields("POST", "/a");
        int stream = await client.AskAsync(isHttp2 ? fields : Other(fields), "abc", isWhole: false);
        string trailer = isBinary ? $"x-bin: {Convert.ToBase64String(Encoding.ASCII.GetBytes("as " + Token)).TrimEnd('=')}\n" : $"x-who: {Token}\n";
        if (isHttp2)
        {
            Http2UpstreamPeer upstream = await AcceptHttp2Async();
            await upstream.RequestAsync(1, r => r.Body == "abc");
            await client.TrailersAsync(stream, trailer);
            Http2Request request = await upstream.RequestAsync(1, r => r.Reset is not null);
            Assert.That((request.Heads.Count, request.IsWhole, request.Reset), Is.EqualTo((1, false, ErrorCode.CANCEL)));
        }
        else
        {
            RawPeer upstream = await AcceptAsync();
            await upstream.ReadUntilAsync("abc\r\n");
            await client.TrailersAsync(stream, trailer);
            Assert.That(await upstream.ReadToEndAsync(), Is.Empty, "no last chunk");
        }

        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That((answer.Head[..12], answer.Body.Contains("a placeholder in a trailer", StringComparison.Ordinal)), Is.EqualTo((":status: 400", true)));
    }

    private static string Other(string fields) => fields.Replace("api.test", "other.test", StringComparison.Ordinal);
}
