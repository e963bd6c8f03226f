using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;
using static WireGate.EndToEnd.Tests.Weaknesses.WeaknessHouse;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>Connections, large messages, and who waits for whom.</summary>
internal sealed class FramingWeaknesses
{
    // hoop (2.1, 6.2): one silent connection keeps every new client out.
    [Test]
    public async Task Silent_connections_keep_nobody_out()
    {
        var silent = new List<Socket>();
        try
        {
            foreach (int port in (int[])[Gateway.PlainPort, Gateway.TlsPort])
            {
                for (int i = 0; i < 50; i++)
                {
                    silent.Add(await ScriptedPeer.DialAsync(new IPEndPoint(IPAddress.Loopback, port)));
                }
            }

            Assert.That((await Tools.PsqlAsync(await ToAsync("orders"), "SELECT 1;")).Output, Is.EqualTo("1\n"));
            Assert.That((await Tools.PsqlAsync(await ToAsync("orders", tls: true), "SELECT 1;")).Output, Is.EqualTo("1\n"));
        }
        finally
        {
            silent.ForEach(s => s.Dispose());
        }
    }

    // hoop (6.2, 5.1): whoever dials an upstream that does not answer holds up everybody on the same agent.
    [Test]
    public async Task An_upstream_that_never_answers_holds_up_nobody_else()
    {
        RunningProcess[] stuck = [.. Enumerable.Repeat(await ToAsync("hole"), 8).Select(e => Psql(e, "SELECT 1"))];
        try
        {
            await Wait.UntilAsync(() => SwallowedCount >= stuck.Length, "all to dial");

            Assert.That((await Tools.PsqlAsync(await ToAsync("orders"), "SELECT 1;")).Output, Is.EqualTo("1\n"));
            Assert.That(stuck.Select(s => s.HasExited), Has.All.False, "the others still wait");
        }
        finally
        {
            foreach (RunningProcess one in stuck)
            {
                await one.DisposeAsync();
            }
        }
    }

    // hoop-inspect (6.1 a): what is too large to be read passes, and nothing of it is in the log.
    [Test]
    public async Task What_is_too_large_to_be_read_is_refused_and_in_the_log()
    {
        await using RawSession session = await OpenAsync("guarded");
        await session.SendAsync(Query(new string(' ', 17 * 1024 * 1024) + "drop table t"));
        PeerMessage error = (await session.ReadAsync())[0];

        string reference = error.Field('M')!.Split("(ref ")[1].Split(')')[0];
        string record = (await Gateway.AuditAsync()).Split('\n').Single(r => r.Contains(reference, StringComparison.Ordinal));

        Assert.That(error.Field('C'), Is.EqualTo("54000"));
        Assert.That(record, Does.Contain("\"verdict\":\"deny\""));
    }

    // hoop-inspect (5.3): reading a large message takes time by the square of its length.
    [Test]
    public async Task A_large_statement_does_not_take_the_square_of_its_length()
    {
        await using RawSession session = await OpenAsync("guarded");
        TimeSpan small = await TimeAsync(1), large = await TimeAsync(16);

        // Sixteen times as much, with a factor of four for a busy machine; by the square it would be 256 times.
        Assert.That(large, Is.LessThan(64 * small + TimeSpan.FromSeconds(1)));

        async Task<TimeSpan> TimeAsync(int megabytes)
        {
            byte[] query = Query(new string(' ', megabytes * 1000 * 1000) + "drop table t");
            var watch = Stopwatch.StartNew();
            Assert.That(await session.AskAsync(1, query), Is.EqualTo("E42501 ZI"));
            return watch.Elapsed;
        }
    }

    // hoop (2.1): with TLS on, who comes without it is turned away, and the other way round.
    [Test]
    public async Task A_listener_with_TLS_serves_who_comes_without_it_on_this_machine()
    {
        Endpoint endpoint = await ToAsync("orders", tls: true) with { Ca = null };

        Assert.That((await Tools.PsqlAsync(endpoint, "SELECT 1;")).Output, Is.EqualTo("1\n"));
    }

    // hoop-inspect (6.1 c), hoop (6.2): the values of a Bind are seen by nobody.
    [Test]
    public async Task The_values_of_a_Bind_are_in_the_log()
    {
        await using RawSession session = await OpenAsync("orders");
        string mark = $"{Guid.NewGuid():N}";
        byte[] bind = Message('B', $"\0\0\0\0\0\u0001\0\0\0\u0020{mark}\0\0");

        Assert.That(await session.AskAsync(1, Parse("select a from t where $1 = 'x'"), bind, Execute(), Sync), Does.EndWith("C(SELECT 0) ZI"));

        string record = (await Gateway.AuditAsync()).Split('\n').Single(r => r.Contains(mark, StringComparison.Ordinal));
        using JsonDocument json = JsonDocument.Parse(record);
        Assert.That(record, Does.Contain("\"operation\"").And.Contain("\"allow\""));
    }
}
