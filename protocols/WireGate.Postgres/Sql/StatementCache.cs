using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Relaying;

namespace WireGate.Postgres.Sql;

/// <summary>
/// The texts that were parsed, by their exact bytes, for all sessions of the process. Two generations: what is asked for again moves to
/// the young one, and when that is full it becomes the old one, whose texts that nobody asked for meanwhile are forgotten. So a flood of
/// texts that come once, each with a literal of its own, pushes out what comes once, and not what is in use. Safe to call from any thread.
/// </summary>
/// <param name="entries">Texts that are kept at most.</param>
/// <param name="bytes">What they may take in memory, about.</param>
internal sealed class StatementCache(int entries, long bytes)
{
    // A dictionary's node and a byte array's header.
    private const int Constant = 128;

    private readonly Lock _lock = new();
    private volatile Generation _young = new();
    private volatile Generation _old = new();

    /// <summary>What sessions hold of texts by names, whether they are still kept here or not.</summary>
    public HeldInProcess Held { get; } = new();

    /// <summary>What sessions keep of texts to judge them again, each text once.</summary>
    public ProcessShare Judged { get; } = new(OperationJudge.MostOfProcess);

    /// <summary>What sessions keep until it is answered.</summary>
    public ProcessShare Owed { get; } = new(OwedWeight.MostOfProcess);

    /// <summary>How many are kept now.</summary>
    public int Count => _young.Texts.Count + _old.Texts.Count;

    /// <summary>What a text tells; parsed if it is not known.</summary>
    /// <exception cref="PgQueryMissingException">The parser is not installed.</exception>
    public ParsedText Get(ReadOnlySpan<byte> text)
    {
        if (_young.Lookup.TryGetValue(text, out ParsedText? parsed))
        {
            return parsed;
        }

        return GetOld(text);
    }

    /// <summary>What a text tells, if it is known.</summary>
    public bool TryGet(ReadOnlySpan<byte> text, [NotNullWhen(true)] out ParsedText? parsed) =>
        _young.Lookup.TryGetValue(text, out parsed) || _old.Lookup.TryGetValue(text, out parsed);

    private ParsedText GetOld(ReadOnlySpan<byte> text)
    {
        if (_old.Lookup.TryGetValue(text, out byte[]? key, out ParsedText? parsed))
        {
            Keep(key, parsed);
            return parsed;
        }

        parsed = SqlParser.Parse(text);
        if (text.Length <= SqlParser.MostBytes)
        {
            Keep(text.ToArray(), parsed);
        }

        return parsed;
    }

    private void Keep(byte[] key, ParsedText parsed)
    {
        long weight = Constant + key.Length + parsed.Weight;
        lock (_lock)
        {
            // Half for each generation. What is bigger than that would push out everything by itself.
            if (weight > bytes / 2)
            {
                return;
            }

            if (_young.Texts.Count >= entries / 2 || _young.Bytes + weight > bytes / 2)
            {
                _old = _young;
                _young = new Generation();
            }

            if (_young.Texts.TryAdd(key, parsed))
            {
                _young.Bytes += weight;
            }
        }
    }

    private sealed class Generation
    {
        public Generation() => Lookup = Texts.GetAlternateLookup<ReadOnlySpan<byte>>();

        public ConcurrentDictionary<byte[], ParsedText> Texts { get; } = new(ByteComparer.Instance);

        public ConcurrentDictionary<byte[], ParsedText>.AlternateLookup<ReadOnlySpan<byte>> Lookup { get; }

        /// <summary>Under the lock.</summary>
        public long Bytes { get; set; }
    }

    private sealed class ByteComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] text) => GetHashCode(text.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // The strings' own hash is keyed by this process: nobody finds texts that collide.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            int hash = string.GetHashCode(MemoryMarshal.Cast<byte, char>(alternate));
            return (alternate.Length & 1) == 0 ? hash : (hash * 31) + alternate[^1];
        }
    }
}
