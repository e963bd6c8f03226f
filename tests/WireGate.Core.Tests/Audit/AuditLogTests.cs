using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditLogTests : AuditFixture
{
    [Test]
    public async Task Gives_sequences_from_one_without_gaps()
    {
        await using AuditLog log = Open();

        Assert.That(log.Append(Event("a")), Is.EqualTo(new AuditPosition(AuditLog.SharedChain, 1)));
        Assert.That(log.Append(Event("b")), Is.EqualTo(new AuditPosition(AuditLog.SharedChain, 2)));
    }

    [Test]
    public async Task Continues_after_it_was_closed()
    {
        await WriteLogAsync(3);
        await using AuditLog log = Open();

        Assert.That(log.Append(Event("d")).Sequence, Is.EqualTo(4));
        Assert.That(Scan(), Is.Null);
    }

    [Test]
    public async Task A_bound_thread_appends_to_its_loops_chain_and_others_to_the_shared_one()
    {
        await using AuditLog log = Open(chains: 2);

        Assert.That(OnLoop(1, () => log.Append(Event("a"))), Is.EqualTo(new AuditPosition(1, 1)));
        Assert.That(OnLoop(2, () => log.Append(Event("a"))).Chain, Is.EqualTo(AuditLog.SharedChain), "no such chain in this log");
        Assert.That(log.Append(Event("b")).Chain, Is.EqualTo(AuditLog.SharedChain));
    }

    [Test]
    public async Task A_second_thread_on_a_loops_chain_is_refused()
    {
        await using AuditLog log = Open(chains: 1);
        OnLoop(0, () => log.Append(Event("a")));

        Assert.That(
            () => OnLoop(0, () => log.Append(Event("b"))),
            Throws.InvalidOperationException.With.InnerException.Message.Contains("belongs to another thread"));
    }

    [Test]
    public async Task Keeps_the_chains_of_loops_that_are_no_longer_there()
    {
        await using (AuditLog log = Open(chains: 3))
        {
            OnLoop(2, () => log.Append(Event("a")));
        }

        await using (Open(chains: 1))
        {
        }

        Assert.That(AuditVerifier.Verify(Directory).Select(chain => (chain.Name, chain.Records, chain.Fault)), Is.EqualTo(new[]
        {
            ("shared", 0L, (AuditFault?)null), ("loop-0", 0L, null), ("loop-1", 0L, null), ("loop-2", 1L, null),
        }));
    }

    [Test]
    public async Task A_second_opener_is_refused()
    {
        await using AuditLog log = Open();

        Assert.That(() => Open(), Throws.TypeOf<AuditFailedException>().With.Message.Contains("in use by another process"));
    }

    [Test]
    public async Task A_refused_opener_leaves_the_log_well()
    {
        await using AuditLog log = Open();
        Assert.That(() => Open(), Throws.TypeOf<AuditFailedException>());

        await log.WhenDurableAsync(log.Append(Event("a")));
        Assert.That(Scan(), Is.Null);
    }

    [Test]
    public async Task Refuses_to_append_once_closed()
    {
        AuditLog log = Open();
        await log.DisposeAsync();

        Assert.That(() => log.Append(Event("a")), Throws.TypeOf<AuditFailedException>().With.Message.Contains("closed"));
    }

    [Test]
    public async Task Closing_makes_durable_what_nobody_waited_for()
    {
        AuditLog log = Open();
        AuditPosition position = log.Append(Event("a"));
        await log.DisposeAsync();

        Assert.That(IsDurable(log, position));
    }

    [Test]
    public async Task Waiting_syncs_at_once_and_once_is_enough()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        AuditPosition position = log.Append(Event("a"));
        await log.WhenDurableAsync(position);
        int syncs = disk.Syncs;

        Assert.That(IsDurable(log, position));
        Assert.That(disk.Syncs, Is.EqualTo(syncs));
    }

    [Test]
    public async Task Syncs_without_a_waiter_too()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(disk: disk);
        int before = disk.Syncs;
        log.Append(Event("a"));

        Assert.That(() => disk.Syncs, Is.GreaterThan(before).After(10_000, 10));
    }

    [Test]
    public async Task Nobody_can_wait_for_what_was_not_appended()
    {
        await using AuditLog log = Open(chains: 1);

        Assert.That(() => log.WhenDurableAsync(new AuditPosition(0, 1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => log.WhenDurableAsync(new AuditPosition(1, 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task A_record_is_laid_out_as_documented()
    {
        await using AuditLog log = Open();
        AuditPosition first = log.Append(Event("a"));
        await log.WhenDurableAsync(first);
        log.Append(Event("b"));
        byte[] segment = SegmentFile.Read(ChainDirectory.Segments(SharedPath)[0]);
        (int offset, int size) = Records(segment)[1];
        ReadOnlySpan<byte> record = segment.AsSpan(offset, size);
        int length = BinaryPrimitives.ReadInt32LittleEndian(record);
        ReadOnlySpan<byte> body = record.Slice(8, length);

        Assert.That(BinaryPrimitives.ReadInt64LittleEndian(body), Is.EqualTo(2), "sequence");
        Assert.That(BinaryPrimitives.ReadInt64LittleEndian(body[16..]), Is.EqualTo(1), "durable");
        (int previous, _) = Records(segment)[0];
        int previousEnd = previous + 8 + BinaryPrimitives.ReadInt32LittleEndian(segment.AsSpan(previous));
        Assert.That(body.Slice(24, 32).SequenceEqual(segment.AsSpan(previousEnd - 32, 32)), "previous hash");
        byte[] hashed = [.. "wg-audit/1"u8, .. segment.AsSpan(16, 16), .. segment.AsSpan(32, 4), .. body[..^32]];
        Assert.That(body[^32..].SequenceEqual(SHA256.HashData(hashed)), "hash");
        Assert.That(Encoding.UTF8.GetString(body[56..^32]), Does.Match("^\\{\"time\":\"[^\"]+Z\",\"event\":\"session-opened\","));
    }

    [Test]
    public async Task Goes_on_in_new_segments_while_several_threads_append()
    {
        const int Count = 2000;
        var disk = new SegmentDisk();
        await using (AuditLog log = Open(chains: 2, disk: disk, segmentSize: 32 * 1024))
        {
            var threads = new List<Thread>();
            for (int i = 0; i < 4; i++)
            {
                int loop = i;
                var thread = new Thread(() =>
                {
                    if (loop < 2)
                    {
                        AuditLog.BindThreadToChain(loop);
                    }

                    for (int n = 0; n < Count; n++)
                    {
                        log.Append(Event("x"));
                    }
                });
                threads.Add(thread);
                thread.Start();
            }

            threads.ForEach(thread => thread.Join());
        }

        IReadOnlyList<AuditChainReport> reports = AuditVerifier.Verify(Directory);
        Assert.That(reports.Select(report => (report.Name, report.Records, report.Fault)), Is.EqualTo(new[]
        {
            ("shared", 2L * Count, (AuditFault?)null), ("loop-0", Count, null), ("loop-1", Count, null),
        }));
        Assert.That(ChainDirectory.Segments(SharedPath), Has.Length.GreaterThan(10));
    }

    [Test]
    public async Task Many_waiters_on_many_threads_all_complete()
    {
        await using AuditLog log = Open(segmentSize: 64 * 1024);

        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Task.Run(async () => await log.WhenDurableAsync(log.Append(Event("x"))))));
        Assert.That(Scan(), Is.Null);
    }

    [Test]
    public async Task An_append_allocates_nothing()
    {
        await using AuditLog log = Open(segmentSize: AuditLog.DefaultSegmentSize);
        AuditEvent auditEvent = Event("fixed") with { Identity = new() { Issuer = "local", Subject = "alice", Groups = ["dba"] }, ClientBytes = 1 };
        for (int i = 0; i < 200; i++)
        {
            log.Append(auditEvent);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            log.Append(auditEvent);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public async Task Verifying_while_records_are_appended_finds_nothing()
    {
        await using AuditLog log = Open(segmentSize: 256 * 1024);
        using var stop = new CancellationTokenSource();
        Task appending = Task.Run(() =>
        {
            for (int i = 0; i < 20_000 && !stop.IsCancellationRequested; i++)
            {
                log.Append(Event("x"));
            }
        });
        for (int i = 0; i < 20; i++)
        {
            Assert.That(AuditVerifier.Verify(Directory)[0].Fault, Is.Null);
        }

        await stop.CancelAsync();
        await appending;
    }

    [Test]
    public async Task Its_files_are_not_for_others()
    {
        await WriteLogAsync(1);

        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.That(File.GetUnixFileMode(SharedPath) & Others, Is.EqualTo(UnixFileMode.None));
        Assert.That(File.GetUnixFileMode(ChainDirectory.Segments(SharedPath)[0]) & Others, Is.EqualTo(UnixFileMode.None));
    }
}
