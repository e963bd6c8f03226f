using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Upstreams that accept and then take their time: a client hears so when the time for them is over, whatever they trickle, and others are served.</summary>
internal sealed class SshSlowUpstreamTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(_host, edit: text =>
            text.Replace("failurePenalty: 1ms", $"failurePenalty: 1ms, connect: {Limit.TotalSeconds}s", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync("down"), "down");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    private static IEnumerable<TestCaseData> Phases()
    {
        byte[] version = "SSH-2.0-Slow\r\n"u8.ToArray();
        byte[] kexInit = RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: false));
        yield return Named("nothing", [], null);
        yield return Named("half of a version line", "SSH-2.0-"u8.ToArray(), (byte)'x');
        yield return Named("one line after another before its version", [], (byte)'\n');
        yield return Named("no KEXINIT", version, null);
        yield return Named("half of a KEXINIT", [.. version, .. kexInit[..20]], 0);
        yield return Named("no key of its own", [.. version, .. kexInit], null);
        yield return Named("half of a reply", [.. version, .. kexInit, 0, 0, 0x20, 4, 4, RawSshClient.EcdhReply], 0);

        static TestCaseData Named(string what, byte[] first, byte? then) =>
            new TestCaseData(first, then).SetName($"An_upstream_that_says_{what.Replace(' ', '_')}_is_given_up_in_time");
    }

    [TestCaseSource(nameof(Phases))]
    public async Task A_slow_upstream_is_given_up_in_time(byte[] first, byte? then)
    {
        // Where nobody listens else.
        using var slow = new TcpListener(IPAddress.Loopback, _gateway.DeadPort);
        slow.Start();
        var watch = Stopwatch.StartNew();
        Task<ToolResult> waiting = _endpoint.ExecAsync("echo in");
        using TcpClient upstream = await slow.AcceptTcpClientAsync();
        await SayAsync(upstream, first);

        Assert.That((await _gateway.Through(await _gateway.MintAsync()).ExecAsync("echo in")).Succeeded().Output, Is.EqualTo("in\n"));
        int trickled = 0;
        await Wait.UntilAsync(
            async () =>
            {
                if (then is { } next && trickled++ < 100)
                {
                    await SayAsync(upstream, [next]);
                }

                return waiting.IsCompleted;
            },
            "the client's answer", Limit * 5);

        ToolResult result = await waiting;
        Assert.That(result.ExitCode, Is.EqualTo(255));
        Assert.That(result.Error, Does.Contain("the upstream cannot be reached (ref "));
        Assert.That(watch.Elapsed, Is.GreaterThan(Limit - TimeSpan.FromMilliseconds(100)));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        Assert.That((await _gateway.CommandAsync("why", reference)).Succeeded().Output, Does.Contain("no answer in time"));
    }

    // What the gateway has closed meanwhile hears nothing more.
    private static async Task SayAsync(TcpClient upstream, byte[] bytes)
    {
        try
        {
            await upstream.GetStream().WriteAsync(bytes);
        }
        catch (IOException)
        {
        }
    }
}
