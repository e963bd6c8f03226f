using System.Collections.Immutable;
using System.Numerics;
using System.Text;
using WireGate.Core.Configuration;

namespace WireGate.Http.Masking;

/// <summary>
/// All paths of some masks, followed at once: of each value a bit for each step that its members may be the next of. Immutable.
/// </summary>
internal sealed class PathSet
{
    private const int Bits = 64;

    private readonly Name[][] _byLength;
    private readonly ulong[] _first;
    private readonly ulong[] _descendant;
    private readonly ulong[] _last;
    private readonly ulong[] _any;
    private readonly Replacement?[] _replacements;

    /// <param name="paths">The paths, and what stands in place of what they mean.</param>
    public PathSet(IReadOnlyList<(JsonPath Path, Replacement Replacement)> paths)
    {
        // No path goes over the end of a word, so that a step is a shift.
        List<int> starts = [];
        int end = 0;
        foreach ((JsonPath path, _) in paths)
        {
            int length = path.Steps.Length;
            end = end % Bits + length > Bits ? (end / Bits + 1) * Bits : end;
            starts.Add(end);
            end += length;
        }

        Words = (end + Bits - 1) / Bits;
        (_first, _descendant, _last, _any) = (new ulong[Words], new ulong[Words], new ulong[Words], new ulong[Words]);
        _replacements = new Replacement?[Words * Bits];
        Dictionary<string, ulong[]> names = [];
        for (int i = 0; i < paths.Count; i++)
        {
            Set(_first, starts[i]);
            ImmutableArray<JsonPathStep> steps = paths[i].Path.Steps;
            for (int step = 0; step < steps.Length; step++)
            {
                int bit = starts[i] + step;
                Set(steps[step].Name is not { } name ? _any : names.TryGetValue(name, out ulong[]? bits) ? bits : names[name] = new ulong[Words], bit);
                if (steps[step].IsDescendant)
                {
                    Set(_descendant, bit);
                }
            }

            Set(_last, starts[i] + steps.Length - 1);
            _replacements[starts[i] + steps.Length - 1] = paths[i].Replacement;
        }

        Name[] all = [.. names.Select(n => new Name(Encoding.UTF8.GetBytes(n.Key), n.Value))];
        LongestName = all.Length == 0 ? 0 : all.Max(n => n.Text.Length);
        _byLength = [.. Enumerable.Range(0, LongestName + 1).Select(length => all.Where(n => n.Text.Length == length).ToArray())];
    }

    /// <summary>Of the state that a value has.</summary>
    public int Words { get; }

    /// <summary>Bytes; no other name is any of its.</summary>
    public int LongestName { get; }

    /// <summary>The state of a document's root.</summary>
    public ReadOnlySpan<ulong> Root => _first;

    /// <summary>What a name is to the paths; null: nothing, but for those that take any.</summary>
    public ulong[]? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length < _byLength.Length)
        {
            foreach (Name known in _byLength[name.Length])
            {
                if (name.SequenceEqual(known.Text))
                {
                    return known.Steps;
                }
            }
        }

        return null;
    }

    /// <summary>Goes from a value to one of its members or elements.</summary>
    /// <param name="from">The value's state.</param>
    /// <param name="name">See <see cref="Find"/>; null of an element.</param>
    /// <param name="to">Gets the state of the member.</param>
    /// <returns>What stands in its place; null: no path means it.</returns>
    public Replacement? Step(ReadOnlySpan<ulong> from, ulong[]? name, Span<ulong> to)
    {
        Replacement? found = null;
        for (int word = 0; word < from.Length; word++)
        {
            ulong taken = from[word] & (_any[word] | (name is null ? 0 : name[word]));
            for (ulong meant = taken & _last[word]; meant != 0; meant &= meant - 1)
            {
                found = Replacement.Stricter(found, _replacements[(word * Bits) + BitOperations.TrailingZeroCount(meant)]!);
            }

            to[word] = (from[word] & _descendant[word]) | ((taken & ~_last[word]) << 1);
        }

        return found;
    }

    private static void Set(ulong[] bits, int bit) => bits[bit / Bits] |= 1UL << (bit % Bits);

    private sealed record Name(byte[] Text, ulong[] Steps);
}
