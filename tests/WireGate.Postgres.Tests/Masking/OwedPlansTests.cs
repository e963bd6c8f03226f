using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What is planned for texts that use names, as long as they are not answered, is bounded.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class OwedPlansTests(TransportKind transport) : MaskedFixture(transport)
{
    private const int Sent = 200;

    [Test]
    public async Task A_client_waits_when_the_plans_of_what_is_not_answered_take_too_much()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await PreparedAsync();
        Task sending = SendAsync(client, i => i % 2 == 0 ? "execute a" : "execute b");

        int passed = 0;
        while ((await upstream.ReadMessageAsync()).Type == 'Q' && passed < Sent - 1)
        {
            passed++;
        }

        Assert.That(passed, Is.InRange(2, Sent / 2), "what is left waits, and the upstream was asked for its answers");
        await sending;
    }

    [Test]
    public async Task A_text_is_planned_once_as_long_as_its_names_stand_for_the_same()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await PreparedAsync();
        Task sending = SendAsync(client, _ => "execute a");
        for (int i = 0; i < Sent; i++)
        {
            await upstream.ExpectAsync('Q');
        }

        await sending;
    }

    [Test]
    public async Task A_text_is_planned_anew_when_a_name_of_it_stands_for_something_else()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await PreparedAsync();
        await RunAsync(client, upstream, "execute b", "1234-5678", masked: false);
        await RunAsync(client, upstream, "deallocate b", null, masked: false);
        await RunAsync(client, upstream, "prepare b as select ssn from hr.people", null, masked: false);
        await RunAsync(client, upstream, "execute b", "1234-5678", masked: true);
    }

    [Test]
    public async Task A_text_is_planned_anew_behind_the_group_that_gave_a_name_of_it()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await PreparedAsync();
        // While it is not known whether the second counts, b may be either; the third and fourth are the same text.
        await client.SendAsync((byte[])
        [
            .. ScriptedClient.Message('Q', Text("execute b")), .. ScriptedClient.Message('Q', Text("deallocate b")),
            .. ScriptedClient.Message('Q', Text("prepare b as select ssn from hr.people")), .. ScriptedClient.Message('Q', Text("execute b")),
        ]);
        for (int i = 0; i < 4; i++)
        {
            await upstream.ExpectAsync('Q');
        }

        await upstream.SendAsync((byte[])
        [
            .. Description(0, 0), .. Row("1234-5678"), .. Done("SELECT 1"), .. Ready, .. Done("DEALLOCATE"), .. Ready, .. Done("PREPARE"), .. Ready,
            .. Description(0, 0), .. Row("1234-5678"), .. Done("SELECT 1"), .. Ready,
        ]);

        Assert.That(await ReadAsync(client), Does.Contain("1234-5678"));
        await ReadAsync(client);
        await ReadAsync(client);
        Assert.That(await ReadAsync(client), Does.Contain("D").And.Not.Contain("1234"));
    }

    private async Task<(ScriptedClient Client, UpstreamPeer Upstream)> PreparedAsync()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Text("prepare a as select ssn from hr.people")));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Done("PREPARE"), .. Ready]);
        await ReadAsync(client);
        await RunAsync(client, upstream, "prepare b as select 1 as ssn", null, masked: false);
        return (client, upstream);
    }

    private static async Task RunAsync(ScriptedClient client, UpstreamPeer upstream, string sql, string? row, bool masked)
    {
        await client.SendAsync(ScriptedClient.Message('Q', Text(sql)));
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. row is null ? [] : Description(0, 0), .. row is null ? [] : Row(row), .. Done("DONE"), .. Ready]);
        string answer = await ReadAsync(client);
        Assert.That(row is not null && answer.Contains(row, StringComparison.Ordinal), Is.EqualTo(row is not null && !masked));
    }

    private static Task SendAsync(ScriptedClient client, Func<int, string> sql) => Task.Run(async () =>
    {
        for (int i = 0; i < Sent; i++)
        {
            await client.SendAsync(ScriptedClient.Message('Q', Text(string.Join(';', Enumerable.Repeat(sql(i), 400)))));
        }
    });
}
