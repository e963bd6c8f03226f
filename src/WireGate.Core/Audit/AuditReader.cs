using System.Text.Json;

namespace WireGate.Core.Audit;

/// <summary>
/// Reads the records of all chains in the order of their times; a daemon may be appending meanwhile. Each record's own hash is checked,
/// but a damaged file is only read up to the damage: whether all is there is for <see cref="AuditVerifier"/> to say.
/// </summary>
public static class AuditReader
{
    /// <param name="directory">Directory of the log.</param>
    /// <param name="newestFirst">Which end to begin with.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<AuditRecord> Read(string directory, bool newestFirst = false)
    {
        // Records of a chain keep their order even where the clock was set back: each chain offers only its next one.
        var next = new PriorityQueue<IEnumerator<AuditRecord>, long>();
        foreach (int chain in ChainDirectory.Chains(directory, out _))
        {
            Offer(next, ReadChain(directory, chain, newestFirst).GetEnumerator(), newestFirst);
        }

        while (next.TryDequeue(out IEnumerator<AuditRecord>? chain, out _))
        {
            yield return chain.Current;
            Offer(next, chain, newestFirst);
        }
    }

    /// <summary>Finds what lies behind the reference that a client was told.</summary>
    /// <returns>The newest record with it; null: none.</returns>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public static AuditRecord? FindReference(string directory, string reference) =>
        Read(directory, newestFirst: true).FirstOrDefault(record => Says(record.Payload.Span, "ref"u8, reference));

    /// <summary>Finds who a session is of, and what it reaches: its operations say only which session they are of.</summary>
    /// <returns>The record of its authentication; null: none.</returns>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public static AuditRecord? FindSession(string directory, string session) => Read(directory, newestFirst: true).FirstOrDefault(
        record => Says(record.Payload.Span, "session"u8, session) && Says(record.Payload.Span, "event"u8, "session-authenticated"));

    private static void Offer(PriorityQueue<IEnumerator<AuditRecord>, long> next, IEnumerator<AuditRecord> chain, bool newestFirst)
    {
        if (chain.MoveNext())
        {
            long ticks = chain.Current.Time.UtcTicks;
            next.Enqueue(chain, newestFirst ? -ticks : ticks);
        }
    }

    private static IEnumerable<AuditRecord> ReadChain(string directory, int chain, bool newestFirst)
    {
        string[] segments = ChainDirectory.Segments(Path.Combine(directory, ChainDirectory.Name(chain)));
        foreach (string path in newestFirst ? segments.Reverse() : segments)
        {
            List<AuditRecord> records = ReadSegment(path, chain);
            if (newestFirst)
            {
                records.Reverse();
            }

            foreach (AuditRecord record in records)
            {
                yield return record;
            }
        }
    }

    private static List<AuditRecord> ReadSegment(string path, int chain)
    {
        var records = new List<AuditRecord>();
        byte[] bytes = SegmentFile.Read(path);
        if (SegmentHeader.Read(bytes) is not { } header)
        {
            return records;
        }

        using var reader = new RecordReader(header.LogId, chain);
        int offset = SegmentHeader.Size;
        while (reader.Read(bytes, offset, out RecordView record) == RecordState.Valid)
        {
            int payload = offset + RecordFormat.FrameSize + RecordFormat.FixedSize;
            records.Add(new AuditRecord(chain, record.Sequence, record.Time, bytes.AsMemory(payload, record.Payload.Length)));
            offset = record.End;
        }

        return records;
    }

    private static bool Says(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> name, string value)
    {
        var json = new Utf8JsonReader(payload);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = json.ValueTextEquals(name);
            json.Read();
            if (isIt)
            {
                return json.TokenType == JsonTokenType.String && json.ValueTextEquals(value);
            }

            json.Skip();
        }

        return false;
    }
}
