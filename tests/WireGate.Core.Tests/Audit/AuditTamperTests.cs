using System.Security.Cryptography;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditTamperTests : AuditFixture
{
    private string Segment => ChainDirectory.Segments(SharedPath)[^1];

    [Test]
    public async Task Finds_every_flipped_byte()
    {
        await WriteLogAsync(8);
        byte[] bytes = await File.ReadAllBytesAsync(Segment);
        Assert.That(Scan(), Is.Null);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x20;
            await File.WriteAllBytesAsync(Segment, bytes);
            Assert.That(Scan(), Is.Not.Null, $"byte {i}");
            bytes[i] ^= 0x20;
        }
    }

    [Test]
    public async Task Names_the_record_that_was_edited()
    {
        await WriteLogAsync(8);
        Change((bytes, records) => bytes[records[2].Offset + 100] ^= 1);

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Edited).And.Property("Sequence").EqualTo(3));
        RefusesToOpen("record 3: edited");
    }

    [Test]
    public async Task An_edit_with_checksum_and_hash_made_anew_does_not_fit_the_next_record()
    {
        await WriteLogAsync(8);
        Change((bytes, records) =>
        {
            (int offset, int size) = records[2];
            int length = BitConverter.ToInt32(bytes, offset);
            SegmentHeader header = SegmentHeader.Read(bytes)!;
            byte[] image = new byte[RecordFormat.PrefixSize + length];
            RecordFormat.WritePrefix(image, header.LogId, header.Chain);
            bytes.AsSpan(offset + RecordFormat.FrameSize, length).CopyTo(image.AsSpan(RecordFormat.PrefixSize));
            image[RecordFormat.PrefixSize + RecordFormat.FixedSize + 60] ^= 1;
            byte[] previous = image.AsSpan(RecordFormat.PrefixSize + 24, 32).ToArray();
            long time = BitConverter.ToInt64(image, RecordFormat.PrefixSize + 8);
            long durable = BitConverter.ToInt64(image, RecordFormat.PrefixSize + 16);
            using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            RecordFormat.Seal(image, 3, time, durable, previous, sha256);
            bytes.AsSpan(offset, size).Clear();
            RecordFormat.Store(bytes.AsSpan(offset, size), image.AsSpan(RecordFormat.PrefixSize));
        });

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Edited).And.Property("Sequence").EqualTo(4));
    }

    [Test]
    public async Task Finds_a_record_that_was_cut_out()
    {
        await WriteLogAsync(8);
        Change((bytes, records) =>
        {
            (int offset, int size) = records[2];
            bytes.AsSpan(offset + size).CopyTo(bytes.AsSpan(offset));
        });

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Gap).And.Property("Sequence").EqualTo(3));
        RefusesToOpen("record 3: gap");
    }

    [Test]
    public async Task Finds_a_record_that_was_zeroed()
    {
        await WriteLogAsync(8);
        Change((bytes, records) => bytes.AsSpan(records[2].Offset, records[2].Size).Clear());

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Gap).And.Property("Sequence").EqualTo(3));
    }

    [Test]
    public async Task Finds_two_records_that_changed_places()
    {
        await WriteLogAsync(8);
        Change((bytes, records) =>
        {
            (int a, int size) = records[2];
            (int b, int sizeOfB) = records[3];
            Assert.That(sizeOfB, Is.EqualTo(size));
            byte[] moved = bytes[a..(a + size)];
            bytes.AsSpan(b, size).CopyTo(bytes.AsSpan(a));
            moved.CopyTo(bytes.AsSpan(b));
        });

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Reordered).And.Property("Sequence").EqualTo(3));
        RefusesToOpen("record 3: reordered");
    }

    [Test]
    public async Task Finds_a_record_that_is_there_twice()
    {
        await WriteLogAsync(8);
        Change((bytes, records) => bytes.AsSpan(records[2].Offset, records[2].Size).CopyTo(bytes.AsSpan(records[3].Offset)));

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Reordered).And.Property("Sequence").EqualTo(4));
    }

    [Test]
    public async Task Finds_a_file_cut_at_any_offset_of_its_last_record()
    {
        await WriteLogAsync(3);
        byte[] bytes = await File.ReadAllBytesAsync(Segment);
        (int offset, int size) = Records(bytes)[^1];
        for (int length = offset; length <= offset + size; length++)
        {
            await File.WriteAllBytesAsync(Segment, bytes[..length]);
            Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Truncated), $"cut at {length}");
        }

        RefusesToOpen("truncated");
    }

    [Test]
    public async Task Finds_a_file_cut_within_its_header()
    {
        await WriteLogAsync(1);
        await File.WriteAllBytesAsync(Segment, new byte[100]);

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Truncated));
    }

    [Test]
    public async Task Finds_a_missing_file_wherever_it_was()
    {
        await WriteLogAsync(60);
        string[] segments = ChainDirectory.Segments(SharedPath);
        Assert.That(segments, Has.Length.GreaterThan(3));
        foreach (string segment in segments[..^1])
        {
            File.Move(segment, segment + ".away");
            Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.Gap), segment);
            File.Move(segment + ".away", segment);
        }

        File.Delete(segments[^2]);
        RefusesToOpen("gap");
    }

    [Test]
    public async Task Finds_a_file_replaced_by_another_of_its_chain()
    {
        await WriteLogAsync(60);
        string[] segments = ChainDirectory.Segments(SharedPath);
        File.Copy(segments[0], segments[1], overwrite: true);

        Assert.That(Scan(), Has.Property("Kind").EqualTo(AuditFaultKind.BadHeader));
    }

    [Test]
    public async Task Finds_a_chain_of_another_log()
    {
        await WriteLogAsync(3);
        string other = SharedPath + "-other";
        System.IO.Directory.Move(SharedPath, other);
        await using (Open(chains: 1))
        {
        }

        System.IO.Directory.Delete(SharedPath, recursive: true);
        System.IO.Directory.Move(other, SharedPath);

        Assert.That(AuditVerifier.Verify(Directory)[1].Fault, Has.Property("Kind").EqualTo(AuditFaultKind.BadHeader));
        Assert.That(() => Open(), Throws.TypeOf<AuditFailedException>().With.Message.Contains("another log"));
    }

    [Test]
    public async Task Finds_a_missing_chain()
    {
        await using (Open(chains: 2))
        {
        }

        System.IO.Directory.Delete(Path.Combine(Directory, "loop-0"), recursive: true);

        Assert.That(AuditVerifier.Verify(Directory), Has.Some.Property("Fault").Property("Kind").EqualTo(AuditFaultKind.Gap));
        Assert.That(() => Open(chains: 2), Throws.TypeOf<AuditFailedException>().With.Message.Contains("the whole chain is missing"));
    }

    [Test]
    public async Task Finds_a_chain_without_files()
    {
        await WriteLogAsync(1);
        File.Delete(Segment);

        Assert.That(AuditVerifier.Verify(Directory)[0].Fault, Has.Property("Kind").EqualTo(AuditFaultKind.Gap));
        Assert.That(() => Open(), Throws.TypeOf<AuditFailedException>().With.Message.Contains("all files are missing"));
    }

    [Test]
    public async Task Finds_what_was_hidden_behind_the_last_record()
    {
        await WriteLogAsync(3);
        Change((bytes, _) => bytes[^1] = 1);

        Assert.That(Scan(), Is.Not.Null);
    }

    [Test]
    public async Task Verifying_changes_nothing()
    {
        await WriteLogAsync(8);
        Change((bytes, records) => bytes[records[2].Offset + 100] ^= 1);
        byte[] before = await File.ReadAllBytesAsync(Segment);

        Assert.That(AuditVerifier.Verify(Directory)[0].Fault, Is.Not.Null);
        Assert.That(await File.ReadAllBytesAsync(Segment), Is.EqualTo(before));
    }

    private void RefusesToOpen(string reason)
    {
        byte[] before = File.ReadAllBytes(Segment);
        Assert.That(() => Open(), Throws.TypeOf<AuditFailedException>().With.Message.Contains(reason));
        Assert.That(File.ReadAllBytes(Segment), Is.EqualTo(before), "the evidence stays as it is");
    }

    private void Change(Action<byte[], List<(int Offset, int Size)>> change)
    {
        byte[] bytes = File.ReadAllBytes(Segment);
        change(bytes, Records(bytes));
        File.WriteAllBytes(Segment, bytes);
    }
}
