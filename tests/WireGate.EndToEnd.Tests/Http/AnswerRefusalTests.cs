using WireGate.EndToEnd.Tests.Harness;
using WireGate.Http.Tests.Http1;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// The same vectors from the other side: an upstream answers what is no HTTP, with an answer for somebody else behind it. Whoever asked is told of a bad
/// gateway, or cut where the answer had begun; nobody is given what stands behind it, and the connection serves nobody else.
/// </summary>
internal sealed class AnswerRefusalTests : HttpFixture
{
    private const string Hidden = "HTTP/1.1 200 OK\r\nX-Connection: hidden\r\nContent-Length: 6\r\n\r\nhidden";

    private readonly ScriptedUpstream _upstream = ScriptedUpstream.Start();

    private static IEnumerable<TestCaseData> Heads =>
    [
        .. SmugglingVectors.Answers.Select(v => new TestCaseData(v.Text).SetName($"A bad gateway: {v.Name}")),
        new TestCaseData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").SetName("A bad gateway: 101 that nobody asked for"),
        new TestCaseData("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: 1\r\n")) + "\r\n").SetName("A bad gateway: more fields than there may be"),
        new TestCaseData("HTTP/1.1 200 OK\r\nX: " + new string('x', 32 * 1024) + "\r\n\r\n").SetName("A bad gateway: a head that is too long"),
        new TestCaseData(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 17))).SetName("A bad gateway: interim answers without end"),
    ];

    private static IEnumerable<TestCaseData> Chunks => SmugglingVectors.Chunks.Select(v => new TestCaseData(v.Text).SetName($"Cut: {v.Name}"));

    protected override string Edit(string config) => config
        .Replace("targets:\n", $"targets:\n  raw: {{ protocol: http, address: \"http://127.0.0.1:{_upstream.Port}\", path: /raw, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
        .Replace("grants:\n", "grants:\n  - { name: raw, to: { issuer: local, groups: [agents] }, targets: [raw] }\n", StringComparison.Ordinal);

    [OneTimeTearDown]
    public async Task StopUpstreamAsync() => await _upstream.DisposeAsync();

    [TestCaseSource(nameof(Heads))]
    public async Task A_head(string answer)
    {
        string path = Give(answer + Hidden);
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Gateway.Port);
        await AskAsync(client, path);

        Assert.That(await client.StatusAsync(), Is.EqualTo(502));
        await CheckAsync(path, client);
    }

    [TestCaseSource(nameof(Heads))]
    public async Task A_head_in_HTTP_2(string answer)
    {
        string path = Give(answer + Hidden);
        await using RawHttp2Client client = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await client.FieldsAsync(1, await FieldsAsync(path), isLast: true);

        Assert.That(await client.OutcomeAsync(1), Is.EqualTo("502"));
        await client.FieldsAsync(3, await FieldsAsync("/next"), isLast: true);
        Assert.That(await client.OutcomeAsync(3), Is.EqualTo("200"));
        await CheckAsync(path, client: null);
    }

    [TestCaseSource(nameof(Chunks))]
    public async Task A_body(string chunks)
    {
        string path = Give($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n{Hidden}");
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Gateway.Port);
        await AskAsync(client, path);
        string received = await client.ToEndAsync();

        Assert.That(received, Does.Not.EndWith("0\r\n\r\n").And.Not.Contain("hidden"), "an answer that is not whole is not taken for it");
        await CheckAsync(path, client: null);
    }

    [TestCaseSource(nameof(Chunks))]
    public async Task A_body_in_HTTP_2(string chunks)
    {
        string path = Give($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n{Hidden}");
        await using RawHttp2Client client = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await client.FieldsAsync(1, await FieldsAsync(path), isLast: true);

        Assert.That(await client.OutcomeAsync(1), Is.EqualTo("reset"));
        await client.FieldsAsync(3, await FieldsAsync("/next"), isLast: true);
        Assert.That(await client.OutcomeAsync(3), Is.EqualTo("200"));
        await CheckAsync(path, client: null);
    }

    /// <summary>Bytes behind an answer that has none: they are nobody's.</summary>
    [TestCase("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [TestCase("GET", "HTTP/1.1 204 No Content\r\n\r\nhello")]
    [TestCase("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello")]
    [TestCase("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello")]
    public async Task An_answer_with_more_behind_it(string method, string answer)
    {
        string path = Give(answer + Hidden);
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Gateway.Port);
        await AskAsync(client, path, method);

        Assert.That(await client.StatusAsync(isToHead: !answer.Contains(" 200 ", StringComparison.Ordinal) || method == "HEAD"), Is.LessThan(400));
        await CheckAsync(path, client);
    }

    private string Give(string answer)
    {
        string path = $"/{Guid.NewGuid():n}";
        _upstream.Answer(path, answer);
        return path;
    }

    private async Task AskAsync(RawHttpClient client, string path, string method = "GET") =>
        await client.SendAsync($"{method} /raw{path} HTTP/1.1\r\nHost: a\r\n{await BearerAsync("raw")}\r\n\r\n");

    private async Task<(string, string)[]> FieldsAsync(string path) =>
        [(":method", "GET"), (":scheme", "http"), (":path", $"/raw{path}"), (":authority", "a"), ("authorization", $"Bearer {await TokenAsync("raw")}")];

    /// <summary>The client goes on, and another as well, each with an answer of its own from another connection.</summary>
    private async Task CheckAsync(string path, RawHttpClient? client)
    {
        (int connection, _) = _upstream.Seen.Single(s => s.Line.Contains(path, StringComparison.Ordinal));
        await using RawHttpClient other = await RawHttpClient.ConnectAsync(Gateway.Port);
        foreach (RawHttpClient asking in client is null ? [other] : new[] { client, other })
        {
            await AskAsync(asking, "/after");
            string head = await asking.HeadAsync();
            Assert.That(head, Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contain("X-Connection: ").And.Not.Contain("hidden").And.Not.Contain($"X-Connection: {connection}\r\n"));
            await asking.BodyAsync(4);
        }

        await Wait.UntilAsync(() => _upstream.Closed.Contains(connection), "the gateway to close the connection");
    }
}
