using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditReaderTests : AuditFixture
{
    [Test]
    public async Task Merges_the_chains_in_the_order_of_their_times()
    {
        await WriteOnThreeChainsAsync(60);

        List<AuditRecord> records = [.. AuditReader.Read(Directory)];
        Assert.That(records, Has.Count.EqualTo(60));
        Assert.That(records.Select(record => record.Time), Is.Ordered);
        Assert.That(records.Select(record => record.Chain).Distinct(), Is.EquivalentTo(new[] { -1, 0, 1 }));
        Assert.That(records.Where(record => record.Chain == 1).Select(record => record.Sequence), Is.Ordered);
    }

    [Test]
    public async Task Newest_first_is_the_same_the_other_way_round()
    {
        await WriteOnThreeChainsAsync(60);

        IEnumerable<(int, long)> forward = AuditReader.Read(Directory).Select(record => (record.Chain, record.Sequence));
        IEnumerable<(int, long)> back = AuditReader.Read(Directory, newestFirst: true).Select(record => (record.Chain, record.Sequence));
        Assert.That(back.Reverse(), Is.EquivalentTo(forward));
        Assert.That(AuditReader.Read(Directory, newestFirst: true).Select(record => record.Time), Is.Ordered.Descending);
    }

    [Test]
    public async Task Finds_the_newest_record_with_a_reference()
    {
        await using AuditLog log = Open();
        log.Append(Event("old") with { Reference = "K7Q2" });
        log.Append(Event("new") with { Reference = "K7Q2" });
        log.Append(Event("says \"ref\":\"K7Q2\" but is another") with { Reference = "ZZZZ" });

        Assert.That(AuditReader.FindReference(Directory, "K7Q2")!.Sequence, Is.EqualTo(2));
        Assert.That(AuditReader.FindReference(Directory, "ZZZZ")!.Sequence, Is.EqualTo(3));
        Assert.That(AuditReader.FindReference(Directory, "K7Q"), Is.Null);
    }

    [Test]
    public async Task Reads_up_to_the_damage_and_goes_on_with_the_next_file()
    {
        await WriteLogAsync(40);
        string[] segments = ChainDirectory.Segments(SharedPath);
        byte[] bytes = await File.ReadAllBytesAsync(segments[0]);
        int inFirst = Records(bytes).Count;
        bytes[Records(bytes)[1].Offset + 60] ^= 1;
        await File.WriteAllBytesAsync(segments[0], bytes);

        Assert.That(
            AuditReader.Read(Directory).Select(record => record.Sequence),
            Is.EqualTo(Enumerable.Range(1, 40).Select(i => (long)i).Where(i => i == 1 || i > inFirst)));
    }

    private async Task WriteOnThreeChainsAsync(int count)
    {
        await using AuditLog log = Open(chains: 2);
        using var turn = new Barrier(3);
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(i => new Thread(() =>
        {
            if (i < 2)
            {
                AuditLog.BindThreadToChain(i);
            }

            for (int n = 0; n < count / 3; n++)
            {
                turn.SignalAndWait();
                log.Append(Event(Encoding.ASCII.GetString([(byte)('a' + i)])));
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
    }
}
