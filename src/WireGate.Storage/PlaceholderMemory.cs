using System.Collections.Concurrent;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Storage;

/// <summary>All placeholders of the store, in memory, where they are found. Read by any thread; changed by the store's queue.</summary>
internal sealed class PlaceholderMemory
{
    /// <summary>A month: long enough to look up what an incident's placeholder was bound to.</summary>
    internal static readonly TimeSpan ExpiredKept = TimeSpan.FromDays(30);

    // A day: nobody ever got in with it, so there is nothing to look up but its minting, which the audit log has.
    private static readonly TimeSpan UnusedKept = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Placeholder> _placeholders = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Placeholder>.AlternateLookup<ReadOnlySpan<char>> _byId;

    // Minted since the start and not used since. Of those before it nobody knows any more, so they count as used, and are kept longer.
    private readonly ConcurrentDictionary<string, byte> _unused = new(StringComparer.Ordinal);

    public PlaceholderMemory() => _byId = _placeholders.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _placeholders.Count;

    public IEnumerable<Placeholder> All => _placeholders.Values;

    public static bool IsLive(Placeholder placeholder, DateTimeOffset now) => placeholder.Revoked is null && placeholder.Expires > now;

    /// <inheritdoc cref="IPlaceholderStore.Find"/>
    public Placeholder? Find(ReadOnlySpan<byte> id)
    {
        if (!PlaceholderToken.IsId(id))
        {
            return null;
        }

        Span<char> text = stackalloc char[PlaceholderToken.IdLength];
        Encoding.ASCII.GetChars(id, text);
        return _byId.TryGetValue(text, out Placeholder? placeholder) ? placeholder : null;
    }

    /// <summary>It, its parent and so on; empty: there is no such one. It ends early where a parent is gone, or at a depth nobody could mint.</summary>
    public List<Placeholder> Lineage(string id)
    {
        List<Placeholder> lineage = [];
        string? next = id;
        while (next is not null && lineage.Count <= MintRules.MaxDepth && _placeholders.TryGetValue(next, out Placeholder? found))
        {
            lineage.Add(found);
            next = found.Parent;
        }

        return lineage;
    }

    /// <summary>Whether it and all that it was narrowed from may still be used, as far as memory knows.</summary>
    public bool MayUse(string id, DateTimeOffset now, out List<Placeholder> lineage)
    {
        lineage = Lineage(id);
        return lineage.Count > 0
            && lineage[^1].Parent is null
            && lineage.TrueForAll(p => PlaceholderChecks.JudgeState(p, now) == PlaceholderVerdict.Ok);
    }

    /// <summary>Those that nobody needs any more.</summary>
    public IEnumerable<Placeholder> Outlived(DateTimeOffset now) =>
        _placeholders.Values.Where(p => p.Expires + (_unused.ContainsKey(p.Id) ? UnusedKept : ExpiredKept) < now);

    /// <summary>Those of a minter that are live or were never used.</summary>
    public List<Placeholder> HeldBy(Identity minter, DateTimeOffset now) =>
        [.. _placeholders.Values.Where(p => p.MintedBy == minter && (IsLive(p, now) || _unused.ContainsKey(p.Id)))];

    /// <summary>It is so from now on.</summary>
    public void Set(Placeholder placeholder) => _placeholders[placeholder.Id] = placeholder;

    /// <summary>It was minted, and nobody has used it.</summary>
    public void OnMinted(Placeholder placeholder) => _unused[placeholder.Id] = 0;

    /// <summary>Somebody uses it.</summary>
    public void OnUsed(Placeholder placeholder) => _unused.TryRemove(placeholder.Id, out _);

    /// <summary>It is gone from the store.</summary>
    public void Remove(Placeholder placeholder)
    {
        _placeholders.TryRemove(placeholder.Id, out _);
        _unused.TryRemove(placeholder.Id, out _);
    }
}
