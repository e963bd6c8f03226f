using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What the gateway keeps in its memory of what is on its way, by the size of its process.</summary>
internal sealed class MemoryTests : HttpFixture
{
    private const long MiB = 1024 * 1024;
    private const long Long = 200 * MiB;
    private const int Clients = 2000;

    private BulkUpstream Upstream { get; set; } = null!;

    [OneTimeSetUp]
    public async Task WarmUpAsync()
    {
        // What is compiled, and what the pools keep, is no growth.
        foreach (string target in new[] { "bulk", "bulk-masked" })
        {
            foreach (string[] version in Versions)
            {
                (await CurlAsync([.. version, "-H", await BearerAsync(target), UrlOf(version, target, $"/json/{8 * MiB}"), "-o", "/dev/null"])).Succeeded();
            }
        }
    }

    [OneTimeTearDown]
    public Task StopUpstreamAsync() => Upstream.DisposeAsync().AsTask();

    private static string[][] Versions => [["--http1.1"], ["--http1.1", "-k"], ["--http2", "-k"]];

    [TestCaseSource(nameof(Versions))]
    public async Task An_upload_that_its_upstream_does_not_take_waits_at_its_client(params string[] version)
    {
        string file = Path.Combine(Nginx.Root, "upload");
        await using (FileStream made = File.Create(file))
        {
            made.SetLength(Long);
        }

        long before = Gateway.Process.Resident;
        await using RunningProcess curl = RunningProcess.Start(
            "/usr/bin/curl", [.. CurlBase, .. version, "-H", "Expect:", "-H", await BearerAsync("bulk"), "-T", file, UrlOf(version, "bulk", "/stalled")]);
        await QuietAsync(() => ReadBy(curl));

        Assert.That(curl.HasExited, Is.False, curl.Error);
        Assert.That(ReadBy(curl), Is.LessThan(Long / 4));
        Assert.That(Gateway.Process.Resident - before, Is.LessThan(40 * MiB));
    }

    [TestCaseSource(nameof(Versions))]
    public async Task A_download_that_its_client_does_not_take_waits_at_its_upstream(params string[] version)
    {
        long before = Gateway.Process.Resident, sent = Upstream.Sent;
        await using RunningProcess curl = RunningProcess.Start(
            "/usr/bin/curl", [.. CurlBase, .. version, "-H", await BearerAsync("bulk"), UrlOf(version, "bulk", $"/bytes/{Long}"), "-o", "/dev/null", "--limit-rate", "1M"]);
        await Wait.UntilAsync(() => Upstream.Sent > sent, "the answer to begin");
        curl.Signal(Unix.SigStop);
        await QuietAsync(() => Upstream.Sent);

        Assert.That(Upstream.Sent - sent, Is.LessThan(Long / 4));
        Assert.That(Gateway.Process.Resident - before, Is.LessThan(40 * MiB));
    }

    [Test]
    public async Task A_hundred_answers_that_one_client_of_HTTP_2_does_not_take()
    {
        const int Streams = 100;
        long before = Gateway.Process.Resident, sent = Upstream.Sent;
        await using RawHttp2Client client = await RawHttp2Client.ConnectAsync(Gateway.ClearPort, isWide: true);
        string bearer = (await BearerAsync("bulk")).Split(": ")[1];
        for (int i = 0; i < Streams; i++)
        {
            await client.FieldsAsync((2 * i) + 1, [(":method", "GET"), (":scheme", "http"), (":path", $"/bulk/bytes/{MiB}"), (":authority", "a"), ("authorization", bearer)], isLast: true);
        }

        await QuietAsync(() => Upstream.Sent - sent);

        Assert.That(Upstream.Sent - sent, Is.GreaterThan(Streams * 64 * 1024L), "each is on its way");
        Assert.That(Gateway.Process.Resident - before, Is.LessThan(80 * MiB));
    }

    [Test]
    public async Task What_clients_that_did_not_read_have_cost_is_given_back()
    {
        const int Clients = 12, Streams = 100;
        long before = Gateway.Process.Resident, sent = Upstream.Sent;
        string bearer = (await BearerAsync("bulk")).Split(": ")[1];
        var clients = new List<RawHttp2Client>();
        for (int i = 0; i < Clients * Streams; i++)
        {
            if (i % Streams == 0)
            {
                clients.Add(await RawHttp2Client.ConnectAsync(Gateway.ClearPort, isWide: true));
            }

            await clients[^1].FieldsAsync(
                (2 * (i % Streams)) + 1, [(":method", "GET"), (":scheme", "http"), (":path", $"/bulk/bytes/{MiB}"), (":authority", "a"), ("authorization", bearer)], isLast: true);
        }

        await QuietAsync(() => Upstream.Sent - sent);
        Assert.That(Upstream.Sent - sent, Is.GreaterThan(Clients * Streams * 64 * 1024L), "each is on its way");
        long most = Gateway.Process.Resident;
        Assert.That(most - before, Is.GreaterThan(24 * MiB).And.LessThan(160 * MiB));
        foreach (RawHttp2Client client in clients)
        {
            await client.DisposeAsync();
        }

        await Wait.UntilAsync(() => Gateway.Process.Resident - before < (most - before) / 2, "the memory to be given back");
    }

    [TestCase("json")]
    [TestCase("string")]
    public async Task A_long_answer_under_a_mask_is_never_whole_in_memory(string kind)
    {
        Gateway.Process.ForgetPeak();
        long before = Gateway.Process.Resident;
        ToolResult result = await CurlAsync("bulk-masked", $"/{kind}/{100 * MiB}", "-o", "/dev/null", "-w", "%{http_code} %{size_download}");

        string[] told = result.Succeeded().Output.Split(' ');
        Assert.That(told[0], Is.EqualTo("200"));
        Assert.That(long.Parse(told[1], CultureInfo.InvariantCulture), Is.GreaterThan(80 * MiB));
        Assert.That(Gateway.Process.Peak - before, Is.LessThan(40 * MiB));
    }

    [Test]
    public async Task Thousands_that_send_half_a_head()
    {
        long before = Gateway.Process.Resident;
        var clients = new List<Socket>();
        HashSet<int> ports = [];
        try
        {
            byte[] half = System.Text.Encoding.ASCII.GetBytes($"GET /bulk/bytes/1 HTTP/1.1\r\nHost: a\r\nX-Half: {new string('x', 3000)}");
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await clients[i].ConnectAsync(IPAddress.Loopback, Gateway.Port);
                await clients[i].SendAsync(half);
                ports.Add(((IPEndPoint)clients[i].LocalEndPoint!).Port);
            }

            await Wait.UntilAsync(() => TakenOf(ports) == Clients, "all to be taken");
            Assert.That((await CurlAsync("bulk", "/bytes/0", "-w", "%{http_code}")).Succeeded().Output, Is.EqualTo("200"), "and others are served");
            Assert.That(Gateway.Process.Resident - before, Is.LessThan(Clients * 32 * 1024L));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await Wait.UntilAsync(() => TakenOf(ports) == 0, "nothing of them to be left");
    }

    protected override string Edit(string config)
    {
        Upstream = BulkUpstream.Start();
        string login = $"address: \"http://127.0.0.1:{Upstream.Port}\", logins: {{ bot: {{ bearer: real }} }}";
        return config
            .Replace("limits: {", "limits: { unprovenPerSource: 3000, authentication: 5m,", StringComparison.Ordinal)
            .Replace("targets:\n", $"targets:\n  bulk: {{ protocol: http, path: /bulk, {login} }}\n  bulk-masked: {{ protocol: http, path: /bulk-masked, mask: [tokens], {login} }}\n", StringComparison.Ordinal)
            .Replace("targets: [nginx,", "targets: [bulk, bulk-masked, nginx,", StringComparison.Ordinal);
    }

    private string UrlOf(string[] version, string target, string path) =>
        version.Contains("-k") ? $"https://127.0.0.1:{Gateway.TlsPort}/{target}{path}" : Url(target, path);

    // What a process has read of files; what it reads of sockets does not count (proc_pid_io(5)).
    private static long ReadBy(RunningProcess process) =>
        long.Parse(File.ReadLines($"/proc/{process.Id}/io").First().Split(' ')[1], CultureInfo.InvariantCulture);

    // How many of the clients' connections the gateway has taken and not left: their other ends have an inode, which one that still waits to be
    // accepted, or is closed, has not (Documentation/networking/proc_net_tcp.rst). Other connections than theirs do not count: of those that an
    // earlier test has left some may end meanwhile.
    //   sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid  timeout inode …
    private int TakenOf(HashSet<int> ports) =>
        File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(fields => PortOf(fields[1]) == Gateway.Port && ports.Contains(PortOf(fields[2])) && fields[9] != "0");

    private static int PortOf(string address) => int.Parse(address.Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // Something has begun to move, and moves no more: at none of so many looks.
    private static async Task QuietAsync(Func<long> moved)
    {
        const int Enough = 40;
        await Wait.UntilAsync(() => moved() > 64 * 1024, "something to move");
        long last = moved();
        int same = 0;
        await Wait.UntilAsync(
            () =>
            {
                long now = moved();
                same = now == last ? same + 1 : 0;
                last = now;
                return same >= Enough;
            },
            "all to stand still");
    }
}
