using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>One rule that h2spec checks: what a client sends, and what must come of it. Its server answers each whole request with 200 and "hello".</summary>
/// <param name="Name">The id that h2spec has for the rule, then the rule. Of a case of our own, section and rule.</param>
/// <param name="Send">What the client does behind its preface and SETTINGS.</param>
/// <param name="Expect">What comes.</param>
/// <param name="Settings">The client's. Null: it sends neither them nor a preface.</param>
internal sealed record ConformanceCase(string Name, Func<ScriptedHttp2, Task> Send, Func<ScriptedHttp2, Task> Expect, string? Settings = "")
{
    public const string WithTrailers = ":method: POST\n:scheme: https\n:path: /\n:authority: a.example\ntrailer: x-test\n";

    /// <summary>Of a body that is longer than a window of nothing.</summary>
    public const string NoWindow = "000400000000";

    /// <summary>h2spec's id, as <c>http2/6.1/2</c>; null: a case of our own.</summary>
    public string? Rule => Name[..Name.IndexOf(' ', StringComparison.Ordinal)] is var id && id.Contains('/', StringComparison.Ordinal) ? id : null;

    public override string ToString() => Name;

    /// <summary>Runs it.</summary>
    public async Task RunAsync()
    {
        Http2Limits limits = Http2Limits.Usual with { Streams = 5 };
        await using ScriptedHttp2 peer = Settings is null
            ? ScriptedHttp2.Serve(Text("hello"), limits: limits) : await ScriptedHttp2.ServeAsync(Text("hello"), Settings, limits: limits);
        await Send(peer);
        await Expect(peer);
    }

    /// <summary>The cases of a table.</summary>
    public static IEnumerable<TestCaseData> Named(IEnumerable<ConformanceCase> cases) =>
        cases.Select(c => new TestCaseData(c).SetArgDisplayNames(c.Name));

    /// <summary>200.</summary>
    public static Func<ScriptedHttp2, Task> Answers(int streamId = 1) =>
        async peer => Assert.That(await peer.NextAsync(), Is.EqualTo($"HEADERS {streamId} :status: 200"));

    /// <summary>Nothing, and the connection goes on.</summary>
    public static async Task GoesOn(ScriptedHttp2 peer)
    {
        await peer.SendAsync(FrameType.PING, 0, 0, "0000000000000077");
        string frame;
        while (!(frame = await peer.NextAsync()).StartsWith("PING ACK 0000000000000077", StringComparison.Ordinal))
        {
            Assert.That(frame, Does.StartWith("HEADERS ").Or.StartWith("DATA ").Or.StartWith("PING ACK"));
        }
    }

    /// <summary>The stream ends, and it alone.</summary>
    public static Func<ScriptedHttp2, Task> EndsStream(int streamId, ErrorCode code) => async peer =>
    {
        await Until(peer, $"RST_STREAM {streamId} {code}");
        Assert.That(await peer.SettleAsync(), Has.None.StartsWith("GOAWAY"));
    };

    /// <summary>The connection ends.</summary>
    public static Func<ScriptedHttp2, Task> EndsConnection(ErrorCode code) => async peer =>
    {
        string frame = await Until(peer, "GOAWAY ");
        Assert.That(frame, Does.EndWith($" {code}"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("closed"));
        Http2Exception broke = Assert.ThrowsAsync<Http2Exception>(() => peer.Ended.WaitAsync(TimeSpan.FromSeconds(10)))!;
        Assert.That(broke.Code, Is.EqualTo(code));
    };

    /// <summary>Waits for a frame, behind whatever is answered before it.</summary>
    public static async Task<string> Until(ScriptedHttp2 peer, string beginning)
    {
        string frame;
        while (!(frame = await peer.NextAsync()).StartsWith(beginning, StringComparison.Ordinal))
        {
            Assert.That(frame, Does.StartWith("HEADERS ").Or.StartWith("DATA "), $"waiting for {beginning}");
        }

        return frame;
    }

    /// <summary>A request whose answer is read.</summary>
    public static async Task Exchange(ScriptedHttp2 peer, int streamId)
    {
        await peer.HeadersAsync(streamId, Get);
        await Until(peer, $"DATA {streamId} END_STREAM");
    }

    /// <summary>Many frames with one send.</summary>
    public static Task All(ScriptedHttp2 peer, params byte[][] frames) => peer.SendAsync([.. frames.SelectMany(f => f)]);

    /// <summary>A frame.</summary>
    public static byte[] Bytes(FrameType type, FrameFlags flags, int streamId, string hex) => ScriptedHttp2.Frame(type, flags, streamId, Convert.FromHexString(hex));

    /// <summary>HEADERS, whole.</summary>
    public static byte[] Head(ScriptedHttp2 peer, int streamId, string section = Get, FrameFlags flags = FrameFlags.END_STREAM) =>
        ScriptedHttp2.Frame(FrameType.HEADERS, FrameFlags.END_HEADERS | flags, streamId, peer.Block(section));
}
