namespace WireGate.Core.Audit;

/// <summary>Walks the segments of a chain, checks every record of them, and stops at the first fault.</summary>
internal sealed class ChainScan
{
    private readonly string[] _segments;
    private readonly int _chain;
    private readonly bool _live;

    /// <param name="segments">Paths of all segments, oldest first.</param>
    /// <param name="chain">The chain they must be of.</param>
    /// <param name="logId">The log they must be of; null: whichever the first is of.</param>
    /// <param name="live">Somebody may be appending: a damaged end is looked at again before it is believed.</param>
    public ChainScan(string[] segments, int chain, UInt128? logId, bool live)
    {
        _segments = segments;
        _chain = chain;
        _live = live;
        LogId = logId;
    }

    public UInt128? LogId { get; private set; }

    public AuditFault? Fault { get; private set; }

    /// <summary>Records that were checked and are right.</summary>
    public long Records { get; private set; }

    public DateTimeOffset? FirstTime { get; private set; }

    public DateTimeOffset? LastTime { get; private set; }

    public long LastSequence { get; private set; }

    public byte[] LastHash { get; private set; } = new byte[RecordFormat.HashSize];

    /// <summary>Index of the segment in which the good part ends.</summary>
    public int EndSegment { get; private set; }

    /// <summary>Where in that segment it ends.</summary>
    public int EndOffset { get; private set; }

    /// <summary>Scans from a segment on; what it continues is taken from its header.</summary>
    public void Run(int first)
    {
        for (int i = first; i < _segments.Length && Fault is null; i++)
        {
            byte[] bytes = SegmentFile.Read(_segments[i]);
            if (SegmentHeader.Read(bytes) is not { } header)
            {
                Fault = FaultOfHeader(bytes, i, first);
            }
            else if (IsContinued(header, bytes, i, first))
            {
                ScanRecords(bytes, i);
            }
        }
    }

    private AuditFault FaultOfHeader(byte[] bytes, int index, int first)
    {
        if (bytes.Length < SegmentHeader.Size)
        {
            return At(AuditFaultKind.Truncated, index, "the file ends within its header");
        }

        // A power cut can leave the name of the newest segment without its contents.
        bool neverWritten = index > first && index == _segments.Length - 1 && !bytes.AsSpan(0, SegmentHeader.Size).ContainsAnyExcept((byte)0);
        return neverWritten && HighestDurable(bytes, SegmentHeader.Size, index) <= LastSequence
            ? At(AuditFaultKind.Torn, index, "the newest file was not on disk yet")
            : At(AuditFaultKind.BadHeader, index, "the header was changed");
    }

    private bool IsContinued(SegmentHeader header, byte[] bytes, int index, int first)
    {
        LogId ??= header.LogId;
        bool isFirst = index == first;
        if (isFirst)
        {
            LastSequence = header.FirstSequence - 1;
            LastHash = header.PreviousHash;
        }

        string name = Path.GetFileName(_segments[index]);
        Fault = header switch
        {
            _ when header.LogId != LogId => At(AuditFaultKind.BadHeader, index, "the file is of another log"),
            _ when header.Chain != _chain => At(AuditFaultKind.BadHeader, index, "the file is of another chain"),
            _ when ChainDirectory.SegmentName(header.FirstSequence) != name => At(AuditFaultKind.BadHeader, index, "the file was renamed"),
            _ when bytes.Length < header.SegmentSize =>
                At(AuditFaultKind.Truncated, index, $"the file has {bytes.Length} bytes of {header.SegmentSize}"),
            _ when bytes.Length > header.SegmentSize => At(AuditFaultKind.BadHeader, index, "the file is larger than it was made"),
            _ when index == 0 && header.FirstSequence != 1 => At(AuditFaultKind.Gap, index, "the files before it are missing") with { Sequence = 1 },
            _ when isFirst => null,
            _ when header.FirstSequence <= LastSequence => At(AuditFaultKind.Reordered, index, "the file begins before the last one ended"),
            _ when header.FirstSequence > LastSequence + 1 => Lost(bytes, SegmentHeader.Size, index, index - 1, AuditFaultKind.Gap),
            _ when !header.PreviousHash.AsSpan().SequenceEqual(LastHash) => At(AuditFaultKind.Edited, index, "it does not continue the last file"),
            _ => null,
        };
        if (Fault is not null)
        {
            return false;
        }

        EndSegment = index;
        EndOffset = SegmentHeader.Size;
        return true;
    }

    private void ScanRecords(byte[] bytes, int index)
    {
        // Each time the end is found damaged, what is behind it may just be on its way into the file: 20 looks in 20 ms, where an append
        // takes microseconds.
        const int Looks = 20;
        using var reader = new RecordReader(LogId!.Value, _chain);
        int looks = 0;
        while (true)
        {
            RecordState state = reader.Read(bytes, EndOffset, out RecordView record);
            if (state == RecordState.Valid)
            {
                if (!Accept(record, bytes, index, reader))
                {
                    return;
                }

                looks = 0;
            }
            else if (state == RecordState.Empty && !bytes.AsSpan(EndOffset).ContainsAnyExcept((byte)0))
            {
                return;
            }
            else if (_live && index == _segments.Length - 1 && looks++ < Looks)
            {
                Thread.Sleep(looks > 1 ? 1 : 0);
                SegmentFile.ReadAgain(_segments[index], bytes, EndOffset);
            }
            else
            {
                Fault = Lost(bytes, EndOffset, index, index, state == RecordState.Empty ? AuditFaultKind.Gap : AuditFaultKind.Edited);
                return;
            }
        }
    }

    private bool Accept(RecordView record, byte[] bytes, int index, RecordReader reader)
    {
        long expected = LastSequence + 1;
        if (record.Sequence != expected)
        {
            bool isElsewhere = record.Sequence < expected;
            for (int offset = record.End; !isElsewhere && reader.TryFind(bytes, offset, out RecordView later); offset = later.End)
            {
                isElsewhere = later.Sequence == expected;
            }

            Fault = isElsewhere
                ? At(AuditFaultKind.Reordered, index, $"record {record.Sequence} stands in its place")
                : At(AuditFaultKind.Gap, index, $"the next record is {record.Sequence}");
            return false;
        }

        if (!record.PreviousHash.SequenceEqual(LastHash))
        {
            Fault = At(AuditFaultKind.Edited, index, "it does not continue the record before");
            return false;
        }

        FirstTime ??= record.Time;
        LastTime = record.Time;
        LastSequence = expected;
        LastHash = record.Hash.ToArray();
        EndOffset = record.End;
        Records++;
        return true;
    }

    /// <summary>What it means that the records after the last good one are not there: torn, unless one that follows knew them to be on disk.</summary>
    private AuditFault Lost(byte[] bytes, int offset, int index, int reported, AuditFaultKind tampering) =>
        HighestDurable(bytes, offset, index) > LastSequence
            ? At(tampering, reported, "it was on disk when later records were appended")
            : At(AuditFaultKind.Torn, reported, "the end is damaged where it was not known to be on disk yet");

    private long HighestDurable(byte[] bytes, int offset, int index)
    {
        using var reader = new RecordReader(LogId!.Value, _chain);
        long highest = 0;
        while (true)
        {
            while (reader.TryFind(bytes, offset, out RecordView record))
            {
                highest = Math.Max(highest, record.Durable);
                offset = record.End;
            }

            if (++index >= _segments.Length)
            {
                return highest;
            }

            bytes = SegmentFile.Read(_segments[index]);
            offset = SegmentHeader.Size;
        }
    }

    private AuditFault At(AuditFaultKind kind, int index, string detail) => new(kind, _segments[index], LastSequence + 1, detail);
}
