using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What is remembered of texts by which a session is followed, as long as they are not answered, is bounded. Everything is allowed.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class OwedTextsTests(TransportKind transport) : SessionFixture(transport)
{
    private const int Sent = 30;

    [SetUp]
    public void AllowAll() => Start();

    [Test]
    public async Task A_client_waits_when_the_texts_that_are_not_answered_tell_too_much()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Sent; i++)
            {
                await client.SendAsync(ScriptedClient.Message('Q', Encoding.ASCII.GetBytes(Text(i))));
            }
        });

        int passed = 0;
        while ((await upstream.ReadMessageAsync()).Type == 'Q' && passed < Sent - 1)
        {
            passed++;
        }

        Assert.That(passed, Is.InRange(2, Sent / 2), "what is left waits, and the upstream was asked for its answers");
        for (int i = 0; i < passed; i++)
        {
            await AnswerAsync(client, upstream);
        }

        while (passed < Sent)
        {
            if ((await upstream.ReadMessageAsync()).Type == 'Q')
            {
                passed++;
                await AnswerAsync(client, upstream);
            }
        }

        await sending;
    }

    [Test]
    public async Task A_text_that_is_sent_again_and_again_counts_once()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Sent; i++)
            {
                await client.SendAsync(ScriptedClient.Message('Q', Encoding.ASCII.GetBytes(Text(0))));
            }
        });

        for (int i = 0; i < Sent; i++)
        {
            await upstream.ExpectAsync('Q');
        }

        await sending;
    }

    [Test]
    public async Task A_client_waits_when_so_many_texts_end_a_transaction_and_none_is_answered()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] end = ScriptedClient.Message('Q', "end\0"u8.ToArray());
        const int Many = 20_000;
        Task sending = client.SendAsync(Enumerable.Repeat(end, Many).SelectMany(m => m).ToArray());

        int passed = 0;
        while ((await upstream.ReadMessageAsync()).Type == 'Q' && passed < Many - 1)
        {
            passed++;
        }

        Assert.That(passed, Is.InRange(3000, 8000), "a pipeline of some thousand passes");
        await sending;
    }

    [Test]
    public async Task A_client_that_writes_twenty_thousand_messages_before_it_reads_gets_all_answers()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] query = ScriptedClient.Message('Q', "select 1\0"u8.ToArray());
        byte[] answer = [.. ScriptedClient.Message('C', "SELECT 1\0"u8.ToArray()), .. ScriptedClient.Message('Z', (byte)'I')];
        const int Many = 20_000;
        Task answering = Task.Run(async () =>
        {
            for (int answered = 0; answered < Many;)
            {
                if ((await upstream.ReadMessageAsync()).Type == 'Q')
                {
                    answered++;
                    await upstream.SendAsync(answer);
                }
            }
        });

        await client.SendAsync(Enumerable.Repeat(query, Many).SelectMany(m => m).ToArray());
        await answering;
        for (int i = 0; i < Many; i++)
        {
            await client.ExpectAsync('C');
            await client.ExpectAsync('Z');
        }
    }

    private static string Text(int number) =>
        $"set application_name = 'a'; select {string.Join(',', Enumerable.Range(0, 5000).Select(i => $"c{number}_{i}"))}\0";

    private static async Task AnswerAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        await upstream.SendAsync('C', "SET\0");
        await upstream.SendAsync('C', "SELECT 0\0");
        await upstream.SendAsync('Z', "I");
        await client.ExpectAsync('C');
        await client.ExpectAsync('C');
        await client.ExpectAsync('Z');
    }
}
