using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditRecoveryTests : AuditFixture
{
    private string Quarantine => Path.Combine(Directory, "quarantine");

    [Test]
    public async Task A_last_record_without_length_goes_to_quarantine_and_a_record_says_so()
    {
        await WriteLogAsync(5);
        string path = ChainDirectory.Segments(SharedPath)[0];
        byte[] bytes = await File.ReadAllBytesAsync(path);
        (int offset, int size) = Records(bytes)[4];
        bytes.AsSpan(offset, 4).Clear();
        await File.WriteAllBytesAsync(path, bytes);

        await RecoversAfter(4);
        byte[] kept = await File.ReadAllBytesAsync(System.IO.Directory.GetFiles(Quarantine).Single());
        Assert.That(bytes.AsSpan(offset, size).StartsWith(kept));
        Assert.That(bytes.AsSpan(offset + kept.Length, size - kept.Length).IndexOfAnyExcept((byte)0), Is.Negative, "what is not kept is nothing but zeros");
    }

    [Test]
    public async Task A_last_record_of_which_only_a_part_is_there_is_torn_wherever_it_ends()
    {
        await WriteLogAsync(3);
        string path = ChainDirectory.Segments(SharedPath)[0];
        byte[] bytes = await File.ReadAllBytesAsync(path);
        (int offset, int size) = Records(bytes)[^1];
        int length = BitConverter.ToInt32(bytes, offset);
        for (int kept = 1; kept < RecordFormat.FrameSize + length; kept++)
        {
            byte[] torn = [.. bytes];
            torn.AsSpan(offset + kept, size - kept).Clear();
            await File.WriteAllBytesAsync(path, torn);
            Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Torn).And.Property("Sequence").EqualTo(3), $"{kept} bytes");
        }

        await RecoversAfter(2);
    }

    /// <summary>Pages reach the disk in any order: a power cut may keep a later one and lose one before it.</summary>
    [Test]
    public async Task A_hole_before_records_that_were_never_synced_is_no_tampering()
    {
        await WriteUnsyncedAsync(6);
        string path = ChainDirectory.Segments(SharedPath)[0];
        byte[] bytes = await File.ReadAllBytesAsync(path);
        (int offset, int size) = Records(bytes)[2];
        bytes.AsSpan(offset, size).Clear();
        await File.WriteAllBytesAsync(path, bytes);

        await RecoversAfter(2);
    }

    [Test]
    public async Task A_later_file_whose_predecessor_lost_its_end_goes_to_quarantine_whole()
    {
        await WriteUnsyncedAsync(20);
        string[] segments = ChainDirectory.Segments(SharedPath);
        Assert.That(segments, Has.Length.EqualTo(2));
        byte[] bytes = await File.ReadAllBytesAsync(segments[0]);
        (int offset, _) = Records(bytes)[3];
        bytes.AsSpan(offset).Clear();
        await File.WriteAllBytesAsync(segments[0], bytes);

        await RecoversAfter(3);
        Assert.That(System.IO.Directory.GetFiles(Quarantine, "*.segment-*"), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_newest_file_of_which_only_the_name_was_on_disk_goes_to_quarantine()
    {
        await WriteUnsyncedAsync(20);
        string[] segments = ChainDirectory.Segments(SharedPath);
        int before = Records(await File.ReadAllBytesAsync(segments[0])).Count;
        await File.WriteAllBytesAsync(segments[1], new byte[SmallSegment]);

        await RecoversAfter(before);
    }

    [Test]
    public async Task A_prepared_file_that_was_never_used_is_made_anew()
    {
        await WriteLogAsync(3);
        await File.WriteAllBytesAsync(ChainDirectory.Next(SharedPath), new byte[SmallSegment]);
        await using (AuditLog log = Open())
        {
            for (int i = 0; i < 40; i++)
            {
                log.Append(Event("x"));
            }
        }

        Assert.That(Scan(), Is.Null);
        Assert.That(System.IO.Directory.Exists(Quarantine), Is.False);
    }

    [Test]
    public async Task A_torn_end_is_recovered_once()
    {
        await WriteUnsyncedAsync(3);
        string path = ChainDirectory.Segments(SharedPath)[0];
        byte[] bytes = await File.ReadAllBytesAsync(path);
        bytes[Records(bytes)[2].Offset + 50] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        await RecoversAfter(2);
        await using (Open())
        {
        }

        Assert.That(AuditReader.Read(Directory).Count(), Is.EqualTo(3));
    }

    /// <summary>Records whose durable mark stays 0, as if the power went before the first sync.</summary>
    private async Task WriteUnsyncedAsync(int count)
    {
        var disk = new FailingDisk();
        AuditLog log = Open(disk: disk);
        lock (disk.Gate)
        {
            for (int i = 0; i < count; i++)
            {
                log.Append(Event("x"));
            }
        }

        await log.DisposeAsync();
    }

    private async Task RecoversAfter(long sequence)
    {
        await using (Open())
        {
        }

        Assert.That(Scan(), Is.Null);
        AuditRecord last = AuditReader.Read(Directory, newestFirst: true).First();
        Assert.That(last.Sequence, Is.EqualTo(sequence + 1));
        Assert.That(Encoding.UTF8.GetString(last.Payload.Span), Does.Contain("\"event\":\"log-recovered\"").And.Contains("quarantine"));
        Assert.That(System.IO.Directory.GetFiles(Quarantine), Is.Not.Empty);
    }
}
