using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>The parameters of a request, those included that only some server reads from its path, made ready once to be looked for by many rules.</summary>
internal sealed class LooseParameters
{
    private readonly ImmutableArray<KeyValuePair<string, string>> _all;

    // Null: it cannot be read, and may be any.
    private readonly LooseName.Text[]?[] _names;

    /// <param name="query">Those of the query.</param>
    /// <param name="within">Those of the path. For some the value of the last goes on with the query.</param>
    internal LooseParameters(ImmutableArray<KeyValuePair<string, string>> query, ImmutableArray<KeyValuePair<string, string>> within)
    {
        _all = within.IsEmpty ? query
            : query.IsEmpty ? within
            : [.. query, .. within[..^1], KeyValuePair.Create(within[^1].Key, HttpQuery.Whole)];
        _names = [.. _all.Select(p => HttpQuery.IsUnreadable(p.Key) ? null : LooseName.ReadingsOf(p.Key))];
    }

    /// <summary>How many there are.</summary>
    internal int Count => _all.Length;

    /// <summary>One of them.</summary>
    internal KeyValuePair<string, string> this[int index] => _all[index];

    /// <summary>Whether some server takes one of them for a parameter of that name.</summary>
    /// <param name="index">Which.</param>
    /// <param name="name">The name.</param>
    /// <param name="text">The same.</param>
    internal bool MayBe(int index, string name, in LooseName.Text text) =>
        _names[index] is not { } readings || LooseName.IsOf(readings, text)
        || (text.Bytes.Length > name.Length && _all[index].Key.Equals(name, StringComparison.OrdinalIgnoreCase));
}
