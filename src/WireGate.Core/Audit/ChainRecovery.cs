using System.Globalization;
using System.Security.Cryptography;

namespace WireGate.Core.Audit;

/// <summary>A chain that can be appended to.</summary>
/// <param name="Segment">The segment to go on in.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Sequence">Sequence of the last record; 0 in a new chain.</param>
/// <param name="Hash">Hash of that record.</param>
/// <param name="Note">What had to be put into quarantine; null: nothing.</param>
internal sealed record RecoveredChain(MappedSegment Segment, int Offset, long Sequence, byte[] Hash, string? Note);

/// <summary>Makes a chain ready: creates it, or checks its end and cleans up after a kill or a power cut, and after nothing else.</summary>
internal sealed class ChainRecovery(string directory, int chain, SegmentDisk disk, TimeProvider time)
{
    private readonly string _name = ChainDirectory.Name(chain);
    private readonly string _path = Path.Combine(directory, ChainDirectory.Name(chain));
    private readonly string _quarantine = Path.Combine(directory, ChainDirectory.Quarantine);

    /// <summary>Makes a chain of one empty segment; the directory gets its name when the segment has its own.</summary>
    public RecoveredChain Create(UInt128 logId, int segmentSize)
    {
        string unfinished = _path + ChainDirectory.Unfinished;
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        Directory.CreateDirectory(unfinished, SegmentDisk.DirectoryMode);
        MappedSegment segment = disk.Create(Path.Combine(unfinished, ChainDirectory.SegmentName(1)), segmentSize);
        byte[] hash = new byte[RecordFormat.HashSize];
        new SegmentHeader(logId, chain, 1, hash, segmentSize).Write(segment.Bytes);
        disk.Sync(segment, 0, SegmentHeader.Size);
        disk.SyncDirectory(unfinished);
        Directory.Move(unfinished, _path);
        disk.SyncDirectory(directory);
        return new RecoveredChain(segment, SegmentHeader.Size, 0, hash, null);
    }

    /// <param name="logId">The log that the chain must be of; null: any.</param>
    /// <param name="found">The log that it is of.</param>
    /// <exception cref="AuditFailedException">It was tampered with.</exception>
    public RecoveredChain Open(UInt128? logId, out UInt128 found)
    {
        DiscardNext();
        string[] segments = ChainDirectory.Segments(_path);
        if (segments.Length == 0)
        {
            throw Refused(new AuditFault(AuditFaultKind.Gap, _path, 1, "all files are missing"));
        }

        // Older ones were on disk entirely before the last was begun; `audit verify` reads them all.
        int first = Math.Max(0, segments.Length - 2);
        var scan = new ChainScan(segments, chain, logId, live: false);
        scan.Run(first);
        string? note = null;
        if (scan.Fault is { } fault)
        {
            note = fault.Kind == AuditFaultKind.Torn ? Repair(segments, scan) : throw Refused(fault);
        }

        found = scan.LogId!.Value;
        if (segments.Length > 1)
        {
            disk.Open(segments[first]).Dispose();
        }

        MappedSegment last = disk.Open(segments[scan.EndSegment]);
        disk.SyncDirectory(_path);
        return new RecoveredChain(last, scan.EndOffset, scan.LastSequence, scan.LastHash, note);
    }

    private static AuditFailedException Refused(AuditFault fault) =>
        new($"The audit log was tampered with: {fault}. It stays as it is; look at it with `wiregate audit verify`.");

    /// <summary>
    /// A prepared segment that was never used goes. One with a header was in use, if only a power cut took its name back: it is kept.
    /// </summary>
    private void DiscardNext()
    {
        string next = ChainDirectory.Next(_path);
        if (!File.Exists(next))
        {
            return;
        }

        if (SegmentFile.Read(next).AsSpan().ContainsAnyExcept((byte)0))
        {
            File.Move(next, QuarantinePath("next"));
        }
        else
        {
            File.Delete(next);
        }
    }

    private string Repair(string[] segments, ChainScan scan)
    {
        string path = segments[scan.EndSegment];
        using MappedSegment segment = disk.Open(path);
        Span<byte> tail = segment.Bytes[scan.EndOffset..];
        int length = tail.LastIndexOfAnyExcept((byte)0) + 1;
        byte[] torn = tail[..length].ToArray();
        string copy = QuarantinePath((scan.LastSequence + 1).ToString(CultureInfo.InvariantCulture));
        using (var stream = new FileStream(copy, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = SegmentDisk.FileMode,
        }))
        {
            stream.Write(torn);
            Posix.SyncData(stream.SafeFileHandle, copy);
        }

        for (int i = scan.EndSegment + 1; i < segments.Length; i++)
        {
            File.Move(segments[i], QuarantinePath(Path.GetFileName(segments[i])));
        }

        disk.SyncDirectory(_quarantine);
        tail[..length].Clear();
        disk.Sync(segment, scan.EndOffset, scan.EndOffset + length);
        return $"chain {_name}: {length} torn bytes and {segments.Length - 1 - scan.EndSegment} later files after record {scan.LastSequence} are in "
            + $"{copy}, sha256 {Convert.ToHexStringLower(SHA256.HashData(torn))}";
    }

    private string QuarantinePath(string what)
    {
        Directory.CreateDirectory(_quarantine, SegmentDisk.DirectoryMode);
        string stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfffffff'Z'", CultureInfo.InvariantCulture);
        return Path.Combine(_quarantine, $"{_name}-{what}-{stamp}");
    }
}
