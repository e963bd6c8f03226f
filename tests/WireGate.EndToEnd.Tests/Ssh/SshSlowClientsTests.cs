using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Clients that take their time before there are keys: each is let go at the same moment, whatever it trickles, and costs next to nothing.</summary>
internal sealed class SshSlowClientsTests
{
    private const int Clients = 40;

    // What begins a line or a packet must not become a whole one.
    private const int MostTrickled = 100;
    private const int MostBytesEach = 512 * 1024;

    // A few key exchanges are in it, and whom it serves meanwhile. Who was asked again and again while nothing came would cost all of the time.
    private static readonly TimeSpan MostProcessor = TimeSpan.FromMilliseconds(50) * Clients;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(_host, edit: text =>
            text.Replace("failurePenalty: 1ms", $"failurePenalty: 1ms, authentication: {Limit.TotalSeconds}s", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
        (await _endpoint.ExecAsync("true")).Succeeded();
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
        byte[] kexInit = RawSshClient.Packet(RawSshClient.KexInitOf(isStrict: true));
        byte[] init = RawSshClient.Packet(RawSshClient.EcdhInitOfNobody());
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, 35_004);
        yield return Named("without a version line", [], null);
        yield return Named("with a version line byte by byte", "SSH-2.0-"u8.ToArray(), (byte)'x');
        yield return Named("without a KEXINIT", version, null);
        yield return Named("with a KEXINIT byte by byte", [.. version, .. kexInit[..30]], 0);
        yield return Named("with a packet that it said would be long", [.. version, .. length, 4, RawSshClient.Ignore], 0);
        yield return Named("without a key of its own", [.. version, .. kexInit], null);
        yield return Named("without NEWKEYS", [.. version, .. kexInit, .. init], null);
        yield return Named("with NEWKEYS byte by byte", [.. version, .. kexInit, .. init, .. RawSshClient.Packet(RawSshClient.NewKeys)[..6]], null);

        static TestCaseData Named(string phase, byte[] first, byte? then) =>
            new TestCaseData(first, then).SetName($"A_client_{phase.Replace(' ', '_')}_is_let_go_in_time_and_others_are_served");
    }

    [TestCaseSource(nameof(Phases))]
    public async Task A_slow_client_is_let_go_in_time(byte[] first, byte? then)
    {
        long before = Memory();
        TimeSpan spent = Processor();
        int trickled = 0;
        var clients = new List<RawSshClient>();
        try
        {
            var watch = Stopwatch.StartNew();
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(await RawSshClient.ConnectAsync(_gateway.Port));
                await clients[i].SendAsync(first);
            }

            Assert.That(clients.Count(client => client.IsClosed()), Is.Zero, "they have their time");
            Assert.That((await _endpoint.ExecAsync("echo in")).Succeeded().Output, Is.EqualTo("in\n"));
            await Wait.UntilAsync(
                async () =>
                {
                    foreach (RawSshClient client in then is { } && trickled++ < MostTrickled ? clients : [])
                    {
                        await client.SendAsync([then!.Value]);
                    }

                    return clients.All(client => client.IsClosed());
                },
                "the end of all", Limit * 5);
            Assert.That(watch.Elapsed, Is.GreaterThan(Limit - TimeSpan.FromMilliseconds(100)));
            Assert.That(Memory() - before, Is.LessThan((long)Clients * MostBytesEach));
            Assert.That(Processor() - spent, Is.LessThan(MostProcessor));
            await Wait.UntilAsync(
                async () => !(await _gateway.CommandAsync("session", "list")).Succeeded().Output.Contains("127.0.0.1:", StringComparison.Ordinal), "no session of them");
        }
        finally
        {
            foreach (RawSshClient client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    [TestCase(0u)]
    [TestCase(4u)]
    [TestCase(35_005u)]
    [TestCase(65_540u)]
    [TestCase(0x7FFF_FFF8u)]
    [TestCase(uint.MaxValue)]
    public async Task A_length_that_no_packet_has_is_not_waited_for(uint length)
    {
        await using RawSshClient client = await RawSshClient.GreetAsync(_gateway.Port);
        byte[] header = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(header, length);
        var watch = Stopwatch.StartNew();
        await client.SendAsync(header);

        await Wait.UntilAsync(client.IsClosed, "the end");

        Assert.That(watch.Elapsed, Is.LessThan(Limit), "at once, and not by the clock");
        Assert.That(client.Kinds(), Does.Contain((byte)1), "SSH_MSG_DISCONNECT");
    }

    private TimeSpan Processor()
    {
        using var process = Process.GetProcessById(_gateway.ProcessId);
        return process.TotalProcessorTime;
    }

    private long Memory() => long.Parse(
        File.ReadLines($"/proc/{_gateway.ProcessId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;
}
