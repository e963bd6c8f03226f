using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;
using WireGate.Http.Upstream;
using WireGate.Testing.Time;

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
    private readonly ConcurrentQueue<string> _heads = [];
    private readonly ConcurrentQueue<RawPeer> _upstreams = [];

    // With what the first connection ended, as the upstream saw it.
    private TaskCompletionSource<Exception> _over = new();

    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private enum Whose
    {
        Nobodys = 0,
        Callers,
    }

    [SetUp]
    public void Serve()
    {
        _seen.Clear();
        _heads.Clear();
        _upstreams.Clear();
        _over = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = AcceptAllAsync();
    }

    private static string Counted => $"Content-Length: {Smuggled.Length}\r\n";

    private static readonly (string Line, string Fields, string Body, Whose Safe, Whose Bodies)[] Requests =
    [
        ("GET /api/200", "", "", Whose.Callers, Whose.Callers),
        ("GET /api/404", "", "", Whose.Callers, Whose.Callers),
        ("DELETE /api/200", "", "", Whose.Callers, Whose.Callers),
        ("POST /api/200", "Content-Length: 0\r\n", "", Whose.Callers, Whose.Callers),
        ("HEAD /api/200", "", "", Whose.Callers, Whose.Callers),
        ("GET /api/204", "", "", Whose.Callers, Whose.Callers),
        ("GET /api/304", "", "", Whose.Callers, Whose.Callers),
        ("POST /api/200", Counted, Smuggled, Whose.Nobodys, Whose.Callers),
        ("PUT /api/204", Counted, Smuggled, Whose.Nobodys, Whose.Callers),
        ("GET /api/200", Counted, Smuggled, Whose.Nobodys, Whose.Callers),
        ("POST /api/404", Counted, Smuggled, Whose.Nobodys, Whose.Callers),
        ("POST /api/200", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n", Whose.Nobodys, Whose.Callers),
        ("POST /api/continue/200", Counted + "Expect: 100-continue\r\n", Smuggled, Whose.Nobodys, Whose.Callers),
        ("POST /api/200", Counted + "Expect: 100-continue\r\n", Smuggled, Whose.Nobodys, Whose.Nobodys),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from request in Requests
        from reuse in new[] { ConnectionReuse.Safe, ConnectionReuse.Bodies }
        from another in new[] { false, true }
        let whose = reuse == ConnectionReuse.Bodies ? request.Bodies : request.Safe
        select new TestCaseData(request.Line, request.Fields, request.Body, reuse, another, !another && whose == Whose.Callers)
            .SetArgDisplayNames($"{request.Line} {request.Fields.Replace("\r\n", " ", StringComparison.Ordinal)}, {reuse}, {(another ? "another" : "the caller")}");

    [TestCaseSource(nameof(Cases))]
    public async Task Who_gets_it_next(string line, string fields, string body, ConnectionReuse reuse, bool another, bool isTheSame)
    {
        Says(reuse);
        await AskAsync(line, fields, body, Token);
        await AskAsync("GET /api/200", "", "", another ? TokenOf("bob") : Token);

        Assert.That(_seen, Is.EqualTo(isTheSame ? [1, 1] : new[] { 1, 2 }));
    }

    [TestCase(ConnectionReuse.Safe, "GET /api/200", "", "", false)]
    [TestCase(ConnectionReuse.Safe, "POST /api/200", "Content-Length: 1\r\n", "a", true)]
    [TestCase(ConnectionReuse.Bodies, "POST /api/200", "Content-Length: 1\r\n", "a", false)]
    [TestCase(ConnectionReuse.Never, "GET /api/200", "", "", true)]
    public async Task The_upstream_is_told(ConnectionReuse reuse, string line, string fields, string body, bool isTold)
    {
        Says(reuse);
        await AskAsync(line, fields, body, Token);

        Assert.That(_heads.Single().Contains("\r\nConnection: close\r\n", StringComparison.Ordinal), Is.EqualTo(isTold));
    }

    [TestCase("POST /api/200", "Content-Length: 1\r\n", "a", TestName = "What_the_upstream_was_told_to_close_it_closes_and_else_it_is_reset")]
    [TestCase("POST /api/close/200", "Content-Length: 1\r\n", "a", TestName = "What_the_upstream_says_it_will_close_as_it_was_told_to")]
    [TestCase("GET /api/close/200", "", "", TestName = "What_the_upstream_says_it_will_close")]
    public async Task Whoever_says_so_closes(string line, string fields, string body)
    {
        await AskAsync(line, fields, body, Token);
        Assert.That(_upstreams.Single().HasEnded, Is.False, "of who closes first the port stays taken");
        await ResetAsync();
    }

    [Test]
    public async Task What_is_more_than_may_be_waited_for_is_reset()
    {
        for (int i = 0; i < UpstreamPool.MostLeaving; i++)
        {
            await AskAsync("POST /api/200", "Content-Length: 1\r\n", "a", Token);
        }

        Assert.That(_over.Task.IsCompleted, Is.False);
        await AskAsync("POST /api/200", "Content-Length: 1\r\n", "a", Token);
        Assert.That(await _over.Task.WaitAsync(Hung), Is.TypeOf<IOException>(), "a reset, and no end");
    }

    [TestCase("GET /api/wrong/502")]
    [TestCase("GET /api/packed/502")]
    public async Task What_the_upstream_answers_wrongly_is_reset(string line)
    {
        await AskAsync(line, "", "", Token);
        Assert.That(await _over.Task.WaitAsync(Hung), Is.TypeOf<IOException>(), "a reset, and no end");
    }

    [Test]
    public async Task What_the_client_leaves_is_reset()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /api/wait/200 HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n\r\n");
        await Until.TrueAsync(() => !_seen.IsEmpty, "the upstream to be asked");
        client.Reset();
        Assert.That(await _over.Task.WaitAsync(Hung), Is.TypeOf<IOException>(), "a reset, and no end");
    }

    [Test]
    public async Task Nobody_where_the_target_says_never()
    {
        Says(ConnectionReuse.Never);
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

    private async Task ResetAsync()
    {
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(5));
                return _over.Task.IsCompleted;
            },
            "the connection to be closed");
        Assert.That(await _over.Task.WaitAsync(Hung), Is.TypeOf<IOException>(), "a reset, and no end");
    }

    private void Says(ConnectionReuse reuse) =>
        Config = Config with { Targets = Config.Targets.Values.Select(t => t with { Reuse = reuse }).ToFrozenDictionary(t => t.Name) };

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
                RawPeer upstream = await AcceptAsync();
                _upstreams.Enqueue(upstream);
                _ = AnswerAsync(i, upstream);
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
                _heads.Enqueue(head);
                if (head.Contains("/continue/", StringComparison.Ordinal))
                {
                    await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                }

                await (Length().Match(head) is { Success: true } length ? upstream.ReadAsync(int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture))
                    : head.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? upstream.ReadUntilAsync("0\r\n\r\n")
                    : Task.FromResult(""));
                if (head.Contains("/wait/", StringComparison.Ordinal))
                {
                    continue;
                }

                string status = Status().Match(head).Groups[1].Value;
                string rest = status is "204" or "304" ? "" : head.StartsWith("HEAD ", StringComparison.Ordinal) ? "Content-Length: 2\r\n" : "Content-Length: 0\r\n";
                if (head.Contains("/wrong/", StringComparison.Ordinal))
                {
                    await upstream.SendAsync("HTP/1.1 200 OK\r\n\r\n");
                    continue;
                }

                if (head.Contains("/packed/", StringComparison.Ordinal))
                {
                    await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: compress\r\nContent-Length: 2\r\n\r\nno");
                    continue;
                }

                string close = head.Contains("/close/", StringComparison.Ordinal) ? "Connection: close\r\n" : "";
                await upstream.SendAsync($"HTTP/1.1 {status} Said\r\n{close}{rest}\r\n");
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _over.TrySetResult(e);
        }
    }

    [GeneratedRegex(@"\r\ncontent-length: (\d+)\r", RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex(@"^\S+ \S*/(\d\d\d) ")]
    private static partial Regex Status();
}
