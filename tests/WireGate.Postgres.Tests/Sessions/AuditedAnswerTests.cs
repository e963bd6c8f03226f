using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What has to be on disk before what.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class AuditedAnswerTests(TransportKind transport) : SessionFixture(transport)
{
    private static readonly byte[] Answer =
        [.. ScriptedClient.Message('T', 0, 0), .. ScriptedClient.Message('C', [.. "SELECT 0\0"u8]), .. ScriptedClient.Message('Z', (byte)'I')];

    [Test]
    public async Task A_read_runs_meanwhile_and_its_answer_waits_until_the_record_is_on_disk()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Gateway.Audit.HoldDisk();
        await AskAsync(client, upstream);
        await upstream.SendAsync(Answer);
        Task<PeerMessage> answer = client.ExpectAsync('T');
        await Until.TrueAsync(() => Gateway.Audit.Waits > 0, "somebody waits for the disk");

        Assert.That(answer.IsCompleted, Is.False);
        Gateway.Audit.ReleaseDisk();
        await answer;
        await client.ExpectAsync('C');
        await client.ExpectAsync('Z');
    }

    [Test]
    public async Task Where_reads_are_batched_the_answer_does_not_wait()
    {
        Start(config => config with { Audit = config.Audit with { Reads = ReadAudit.Batched } });
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Gateway.Audit.HoldDisk();
        await AskAsync(client, upstream);
        await upstream.SendAsync(Answer);

        await client.ExpectAsync('T');
        Assert.That(Gateway.Audit.Operations, Has.Count.EqualTo(1), "it is in the log all the same");
        Gateway.Audit.ReleaseDisk();
    }

    [TestCase(ReadAudit.Wait)]
    [TestCase(ReadAudit.Batched)]
    public async Task A_write_is_on_disk_before_it_runs(ReadAudit reads)
    {
        Start(config => config with { Audit = config.Audit with { Reads = reads } });
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Gateway.Audit.HoldDisk();
        await client.SendAsync(ScriptedClient.Message('Q', [.. "delete from t\0"u8]));
        Task<PeerMessage> ran = upstream.ExpectAsync('Q');
        await Until.TrueAsync(() => Gateway.Audit.Waits > 0, "somebody waits for the disk");

        Assert.That(ran.IsCompleted, Is.False);
        Gateway.Audit.ReleaseDisk();
        await ran;
    }

    [Test]
    public async Task An_answer_whose_record_never_reaches_the_disk_is_not_given()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        Gateway.Audit.HoldDisk();
        await AskAsync(client, upstream);
        await upstream.SendAsync(Answer);
        await Until.TrueAsync(() => Gateway.Audit.Waits > 0, "somebody waits for the disk");
        Gateway.Audit.ReleaseDisk(new AuditFailedException("the disk is gone"));

        Assert.That((await client.ExpectAsync('E')).Field('C'), Is.EqualTo("58030"));
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.AuditFailed));
    }
}
