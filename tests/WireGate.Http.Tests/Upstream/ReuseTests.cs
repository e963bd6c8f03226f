using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Upstream;

/// <summary>
/// Who gets a connection to an upstream after whom: one that leaves bodies unread takes them for the next request, and one that answers with a body where
/// none can be has that taken for the next answer.
/// </summary>
[TestFixture(TransportKind.Epoll)]
internal sealed partial class ReuseTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Smuggled = "GET /admin HTTP/1.1\r\nHost: x\r\nX: ";

    private readonly ConcurrentQueue<int> _seen = [];

    [SetUp]
    public void Serve()
    {
        _seen.Clear();
        _ = AcceptAllAsync();
    }

    private static string Counted => $"Content-Length: {Smuggled.Length}\r\n";

    private static TestCaseData[] Requests =>
    [
        Case("GET /api/200", "", "", isCallers: true, isAnybodys: true),
        Case("GET /api/404", "", "", isCallers: true, isAnybodys: true),
        Case("DELETE /api/200", "", "", isCallers: true, isAnybodys: true),
        Case("POST /api/200", "Content-Length: 0\r\n", "", isCallers: true, isAnybodys: true),
        Case("HEAD /api/200", "", "", isCallers: true, isAnybodys: false),
        Case("GET /api/204", "", "", isCallers: true, isAnybodys: false),
        Case("GET /api/304", "", "", isCallers: true, isAnybodys: false),
        Case("POST /api/200", Counted, Smuggled, isCallers: true, isAnybodys: false),
        Case("PUT /api/204", Counted, Smuggled, isCallers: true, isAnybodys: false),
        Case("PATCH /api/302", Counted, Smuggled, isCallers: true, isAnybodys: false),
        Case("POST /api/200", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n", isCallers: true, isAnybodys: false),
        Case("POST /api/continue/200", Counted + "Expect: 100-continue\r\n", Smuggled, isCallers: true, isAnybodys: false),
        Case("POST /api/200", Counted + "Expect: 100-continue\r\n", Smuggled, isCallers: false, isAnybodys: false),
        Case("POST /api/404", Counted, Smuggled, isCallers: false, isAnybodys: false),
        Case("PUT /api/500", Counted, Smuggled, isCallers: false, isAnybodys: false),
        Case("GET /api/200", Counted, Smuggled, isCallers: false, isAnybodys: false),
        Case("DELETE /api/200", Counted, Smuggled, isCallers: false, isAnybodys: false),
        Case("OPTIONS /api/200", Counted, Smuggled, isCallers: false, isAnybodys: false),
        Case("PROPFIND /api/200", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n", isCallers: false, isAnybodys: false),
    ];

    [TestCaseSource(nameof(Requests))]
    public async Task Of_the_caller(string line, string fields, string body, bool isCallers, bool isAnybodys)
    {
        await AskAsync(line, fields, body, Token);
        await AskAsync("GET /api/200", "", "", Token);

        Assert.That(_seen, Is.EqualTo(isCallers ? [1, 1] : new[] { 1, 2 }));
        _ = isAnybodys;
    }

    [TestCaseSource(nameof(Requests))]
    public async Task Of_another(string line, string fields, string body, bool isCallers, bool isAnybodys)
    {
        await AskAsync(line, fields, body, Token);
        await AskAsync("GET /api/200", "", "", TokenOf("bob"));

        Assert.That(_seen, Is.EqualTo(isAnybodys ? [1, 1] : new[] { 1, 2 }));
        _ = isCallers;
    }

    [Test]
    public async Task Nobody_where_the_target_says_never()
    {
        Config = Config with { Targets = Config.Targets.Values.Select(t => t with { Reuse = ConnectionReuse.Never }).ToFrozenDictionary(t => t.Name) };
        await AskAsync("GET /api/200", "", "", Token);
        await AskAsync("GET /api/200", "", "", Token);

        Assert.That(_seen, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task What_is_the_callers_own_stays_so()
    {
        await AskAsync("HEAD /api/200", "", "", Token);
        await AskAsync("GET /api/200", "", "", Token);
        await AskAsync("GET /api/200", "", "", TokenOf("bob"));
        await AskAsync("GET /api/200", "", "", Token);

        Assert.That(_seen, Is.EqualTo(new[] { 1, 1, 2, 1 }));
    }

    [Test]
    public async Task What_was_anybodys_becomes_the_own_of_who_used_it()
    {
        await AskAsync("GET /api/200", "", "", Token);
        await AskAsync("POST /api/200", Counted, Smuggled, TokenOf("bob"));
        await AskAsync("GET /api/200", "", "", Token);
        await AskAsync("GET /api/200", "", "", TokenOf("bob"));

        Assert.That(_seen, Is.EqualTo(new[] { 1, 1, 2, 1 }));
    }

    private static TestCaseData Case(string line, string fields, string body, bool isCallers, bool isAnybodys) =>
        new TestCaseData(line, fields, body, isCallers, isAnybodys).SetArgDisplayNames($"{line} {fields}".Replace("\r\n", " ", StringComparison.Ordinal).TrimEnd());

    private string TokenOf(string subject) =>
        Placeholders.Mint(p => p with { Targets = ["api"], Identity = p.Identity with { Subject = subject } }).Token;

    private async Task AskAsync(string line, string fields, string body, string token)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"{line} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{fields}\r\n{body}");
        string answer = await client.ReadToEndAsync();
        Assert.That(answer, Does.Contain($"HTTP/1.1 {line[^3..]} "));
    }

    private async Task AcceptAllAsync()
    {
        for (int i = 1; ; i++)
        {
            try
            {
                _ = AnswerAsync(i, await AcceptAsync());
            }
            catch (Exception e) when (e is InvalidOperationException or SocketException or TimeoutException)
            {
                // The test is over.
                return;
            }
        }
    }

    private async Task AnswerAsync(int connection, RawPeer upstream)
    {
        try
        {
            while (true)
            {
                string head = await upstream.HeadAsync();
                _seen.Enqueue(connection);
                if (head.Contains("/continue/", StringComparison.Ordinal))
                {
                    await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                }

                await (Length().Match(head) is { Success: true } length ? upstream.ReadAsync(int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture))
                    : head.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? upstream.ReadUntilAsync("0\r\n\r\n")
                    : Task.FromResult(""));
                string status = Status().Match(head).Groups[1].Value;
                string rest = status is "204" or "304" ? "" : head.StartsWith("HEAD ", StringComparison.Ordinal) ? "Content-Length: 2\r\n" : "Content-Length: 0\r\n";
                await upstream.SendAsync($"HTTP/1.1 {status} Said\r\n{rest}\r\n");
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was closed.
        }
    }

    [GeneratedRegex(@"\r\ncontent-length: (\d+)\r", RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex(@"^\S+ \S*/(\d\d\d) ")]
    private static partial Regex Status();
}
