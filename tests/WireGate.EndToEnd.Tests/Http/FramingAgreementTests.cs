using System.Text;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Http.Tests.Http1;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// The published smuggling vectors, each with a request behind it on the same connection, through the gateway to a real server: either nothing of it
/// gets there, or the server sees the requests that were sent, and none that is hidden in another. The last of them is asked in HTTP/2.
/// </summary>
[TestFixture("nginx")]
[TestFixture("node")]
[TestFixture("node2-clear")]
internal sealed class FramingAgreementTests(string name) : HttpFixture
{
    private const string Hidden = "GET /any/hidden HTTP/1.1\r\nHost: a\r\n";

    private string _field = null!;
    private string _id = null!;
    private int _before;

    private static IEnumerable<TestCaseData> Heads =>
        SmugglingVectors.Heads.Select(v => new TestCaseData(v.Text, v.Status).SetName($"Nothing gets through of: {v.Name}"));

    private static IEnumerable<TestCaseData> Chunks =>
        SmugglingVectors.Chunks.Select(v => new TestCaseData(v.Text).SetName($"Nothing follows on chunks with {v.Name}"));

    private static IEnumerable<TestCaseData> Accepted => OddRequests.All.Select(r => new TestCaseData(r).SetName($"Both ends agree on: {r.Name}"));

    private static IEnumerable<TestCaseData> Slow =>
        OddRequests.All.Select(r => new TestCaseData(r).SetName($"Both ends agree, byte by byte, on: {r.Name}"));

    private IHttpUpstream Upstream => name == "nginx" ? Nginx : Node;

    private int Port => name switch { "nginx" => Gateway.NginxPort, "node" => Gateway.NodePort, _ => Gateway.Node2Port };

    // Else what is behind a body would go over another connection, and nobody would see where the server takes its end to be.
    protected override string Edit(string config) => config
        .Replace("path: /nginx,", "path: /nginx, reuse: bodies,", StringComparison.Ordinal)
        .Replace("path: /node,", "path: /node, reuse: bodies,", StringComparison.Ordinal);

    [SetUp]
    public async Task NoteAsync()
    {
        _field = await BearerAsync(name);
        _id = Guid.NewGuid().ToString("n");
        _before = Upstream.Seen().Count;
    }

    [TestCaseSource(nameof(Heads))]
    public async Task A_head(string head, int status)
    {
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Port);
        await client.SendAsync($"{WithPlaceholder(head)}0\r\n\r\n{Hidden}{_field}\r\n\r\n{Marker}");

        Assert.That(await client.StatusAsync(), Is.EqualTo(status));
        client.Finish();
        Assert.That(await client.IsEndAsync(), "nothing else is answered");
        Assert.That(await SeenAsync(), Is.Empty);
    }

    [TestCaseSource(nameof(Chunks))]
    public async Task A_body(string chunks)
    {
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Port);
        await client.SendAsync($"PUT /f-{_id} HTTP/1.1\r\nHost: a\r\n{_field}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n{Hidden}{_field}\r\n\r\n{Marker}");

        Assert.That(await client.StatusAsync(), Is.EqualTo(400));
        client.Finish();
        Assert.That(await client.IsEndAsync(), "nothing else is answered");
        Assert.That(await SeenAsync(), Is.SubsetOf(new[] { $"PUT /f-{_id}" }));
        Assert.That(TryBody(out _), Is.False, "what is not whole is not taken for it");
    }

    [TestCaseSource(nameof(Accepted))]
    public async Task A_request(object odd)
    {
        var request = (OddRequest)odd;
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Port);
        await client.SendAsync(Written(request) + (request.IsLast ? "" : Marker));

        Assert.That(await client.StatusAsync(request.Method == "HEAD"), Is.InRange(200, 299));
        Assert.That(await client.StatusAsync(), Is.EqualTo(request.IsLast ? null : 200));
        string[] sent = [$"{request.Method} {PathOf(request)}", .. request.IsLast ? Array.Empty<string>() : [$"GET /any/marker-{_id}"]];
        Assert.That(await SeenAsync(), Is.EqualTo(sent));
        if (name == "node")
        {
            int[] connections = [.. Node.Records.Where(r => r.TryGetProperty("url", out JsonElement url) && sent.Any(s => s.EndsWith($" {url.GetString()}", StringComparison.Ordinal)))
                .Select(r => r.GetProperty("from").GetInt32())];
            Assert.That(connections, Has.Length.EqualTo(sent.Length).And.All.EqualTo(connections[0]), "what follows came behind it");
        }

        Assert.That(TryBody(out string body) ? body : "", Is.EqualTo(request.Method == "PUT" || name != "nginx" ? request.Body : ""));
    }

    /// <summary>A server may answer, and the gateway close, before the whole of a request has come: then nothing follows.</summary>
    [TestCaseSource(nameof(Slow))]
    public async Task A_request_byte_by_byte(object odd)
    {
        var request = (OddRequest)odd;
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Port);
        await client.SendSlowlyAsync(Written(request) + Marker);

        Assert.That(await client.StatusAsync(request.Method == "HEAD"), Is.InRange(200, 299));
        int? next = await client.StatusAsync();
        Assert.That(next, Is.Null.Or.EqualTo(200));
        string[] sent = [$"{request.Method} {PathOf(request)}", .. next is null ? Array.Empty<string>() : [$"GET /any/marker-{_id}"]];
        Assert.That(await SeenAsync(), Is.EqualTo(sent));
    }

    private string Marker => $"GET /any/marker-{_id} HTTP/1.1\r\nHost: a\r\n{_field}\r\n\r\n";

    // nginx reads the body of a PUT, and skips that of all else.
    private string PathOf(OddRequest request) => request.Method == "PUT" ? $"/f-{_id}" : $"/any/{_id}";

    private string Written(OddRequest request) => request.Text
        .Replace("{path}", PathOf(request), StringComparison.Ordinal).Replace("{field}", _field, StringComparison.Ordinal);

    /// <summary>As the last field, so that the first lines stay as they are.</summary>
    private string WithPlaceholder(string head)
    {
        string end = head.EndsWith("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        return $"{head[..^end.Length]}{_field}{(head.EndsWith("\n\n", StringComparison.Ordinal) ? "\n" : "\r\n")}{end}";
    }

    /// <summary>What the server saw since the test began, up to a request on another connection that comes last.</summary>
    private async Task<IReadOnlyList<string>> SeenAsync()
    {
        string last = $"GET /any/last-{_id}";
        await using RawHttpClient client = await RawHttpClient.ConnectAsync(Port);
        await client.SendAsync($"{last} HTTP/1.1\r\nHost: a\r\n{_field}\r\n\r\n");
        Assert.That(await client.StatusAsync(), Is.EqualTo(200));
        await Wait.UntilAsync(() => Upstream.Seen().Contains(last), "the last request in the server's own record");
        string[] seen = [.. Upstream.Seen().Skip(_before)];
        Assert.That(seen, Has.None.Contains("hidden"));

        // Of a request that was cut nginx writes when it sees that, which may be in the next test.
        return [.. seen.TakeWhile(s => s != last).Where(s => !s.Contains("/f-", StringComparison.Ordinal) || s.Contains(_id, StringComparison.Ordinal))];
    }

    /// <summary>What the server took for the body of the request, if it took one for whole.</summary>
    private bool TryBody(out string body)
    {
        body = "";
        if (name == "nginx")
        {
            string path = Path.Combine(Nginx.Files, $"f-{_id}");
            bool isThere = File.Exists(path);
            body = isThere ? File.ReadAllText(path, Encoding.Latin1) : "";
            return isThere;
        }

        IReadOnlyList<JsonElement> records = Node.Records;
        JsonElement first = records.FirstOrDefault(
            r => r.TryGetProperty("url", out JsonElement url) && (url.GetString() == $"/f-{_id}" || url.GetString() == $"/any/{_id}"));
        JsonElement whole = records.FirstOrDefault(
            r => first.ValueKind != JsonValueKind.Undefined && r.TryGetProperty("body", out _)
                && r.GetProperty("number").GetInt32() == first.GetProperty("number").GetInt32());
        body = whole.ValueKind == JsonValueKind.Undefined ? "" : whole.GetProperty("body").GetString()!;
        return whole.ValueKind != JsonValueKind.Undefined;
    }
}
