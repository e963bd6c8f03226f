using System.Text;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// Requests in HTTP/2, written frame by frame, through the gateway to a real server that is asked in HTTP/1.1: either nothing of them gets there, or the
/// server sees what was sent, and nothing that is hidden in it.
/// </summary>
[TestFixture("nginx")]
[TestFixture("node")]
internal sealed class DowngradeAgreementTests(string name) : HttpFixture
{
    private string _token = null!;
    private string _id = null!;
    private int _before;

    private static IEnumerable<TestCaseData> Refused => DowngradeVectors.Refused.Select(v => new TestCaseData(v).SetName($"Nothing gets through of: {v.Name}"));

    private static IEnumerable<TestCaseData> Accepted => DowngradeVectors.Accepted.Select(v => new TestCaseData(v).SetName($"Both ends agree on: {v.Name}"));

    private IHttpUpstream Upstream => name == "nginx" ? Nginx : Node;

    // Else what is behind a body would go over another connection, and nobody would see where the server takes its end to be.
    protected override string Edit(string config) => config
        .Replace("path: /nginx,", "path: /nginx, reuse: bodies,", StringComparison.Ordinal)
        .Replace("path: /node,", "path: /node, reuse: bodies,", StringComparison.Ordinal);

    [SetUp]
    public async Task NoteAsync()
    {
        _token = await TokenAsync(name);
        _id = Guid.NewGuid().ToString("n");
        _before = Upstream.Seen().Count;
    }

    [TestCaseSource(nameof(Refused))]
    public async Task A_vector(object vector)
    {
        await using RawHttp2Client client = await SendAsync((DowngradeVector)vector);

        Assert.That(await client.OutcomeAsync(1), Is.AnyOf("reset", "goaway", "400", "417", "421", "501"));

        // The server may have seen the head of one whose body is wrong, and then the end of its connection.
        Assert.That(await SeenAsync(client), Is.SubsetOf(new[] { $"PUT /f-{_id}", $"GET /any/next-{_id}" }));
        Assert.That(TryBody(out _), Is.False, "what is not whole is not taken for it");
    }

    [TestCaseSource(nameof(Accepted))]
    public async Task A_request(object vector)
    {
        var sent = (DowngradeVector)vector;
        await using RawHttp2Client client = await SendAsync(sent);

        Assert.That(await client.OutcomeAsync(1), Is.AnyOf("200", "201", "204"));
        Assert.That(await SeenAsync(client), Is.EqualTo(new[] { $"PUT /f-{_id}", $"GET /any/next-{_id}" }));
        Assert.That(TryBody(out string body) ? body : "", Is.EqualTo(sent.Body ?? ""));
    }

    private async Task<RawHttp2Client> SendAsync(DowngradeVector vector)
    {
        RawHttp2Client client = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await client.FieldsAsync(1, vector.Fields.Select(f => (f.Name, Filled(f.Value))), isLast: vector.Body is null && vector.Trailers is null);
        if (vector.Body is { } body)
        {
            await client.DataAsync(1, body, isLast: vector.Trailers is null);
        }

        if (vector.Trailers is { } trailers)
        {
            await client.FieldsAsync(1, trailers, isLast: true);
        }

        return client;
    }

    private string Filled(string value) =>
        value.Replace("{path}", $"/{name}/f-{_id}", StringComparison.Ordinal).Replace("{token}", _token, StringComparison.Ordinal);

    private (string Name, string Value)[] Get(string path) =>
        [(":method", "GET"), (":scheme", "http"), (":path", $"/{name}{path}"), (":authority", "a"), ("authorization", $"Bearer {_token}")];

    /// <summary>What the server saw since the test began: with the next request on the connection, if that still serves, and up to one on another.</summary>
    private async Task<IReadOnlyList<string>> SeenAsync(RawHttp2Client client)
    {
        await client.FieldsAsync(3, Get($"/any/next-{_id}"), isLast: true);
        Assert.That(await client.OutcomeAsync(3), Is.AnyOf("200", "goaway", "closed"));
        await using RawHttp2Client other = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await other.FieldsAsync(1, Get($"/any/last-{_id}"), isLast: true);
        Assert.That(await other.OutcomeAsync(1), Is.EqualTo("200"));
        string last = $"GET /any/last-{_id}";
        await Wait.UntilAsync(() => Upstream.Seen().Contains(last), "the last request in the server's own record");
        string[] seen = [.. Upstream.Seen().Skip(_before)];
        Assert.That(seen, Has.None.Contains("hidden"));

        // Of a request that was cut nginx writes when it sees that, which may be in the next test.
        return [.. seen.TakeWhile(s => s != last).Where(s => !s.Contains("/f-", StringComparison.Ordinal) || s.Contains(_id, StringComparison.Ordinal))];
    }

    /// <summary>What the server took for the body of the request, if it took one for whole.</summary>
    private bool TryBody(out string body)
    {
        if (name == "nginx")
        {
            string path = Path.Combine(Nginx.Files, $"f-{_id}");
            bool isThere = File.Exists(path);
            body = isThere ? File.ReadAllText(path, Encoding.Latin1) : "";
            return isThere;
        }

        IReadOnlyList<JsonElement> records = Node.Records;
        int? number = records.Where(r => r.TryGetProperty("url", out JsonElement url) && url.GetString() == $"/f-{_id}")
            .Select(r => (int?)r.GetProperty("number").GetInt32()).FirstOrDefault();
        JsonElement whole = records.FirstOrDefault(r => r.TryGetProperty("body", out _) && r.GetProperty("number").GetInt32() == number);
        body = whole.ValueKind == JsonValueKind.Undefined ? "" : whole.GetProperty("body").GetString()!;
        return whole.ValueKind != JsonValueKind.Undefined;
    }
}
