using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// Finds the members of a JSON text that are asked for, all in one pass: how long it takes hangs on the text, and little on how many they are.
/// Some servers know no case in the names of members: whatever they could take for the one that is asked for is found.
/// </summary>
/// <param name="pointers">They.</param>
internal sealed class MemberSearch(JsonPointers pointers)
{
    // Ways to one member that are gone: a text may have thousands, and from two on nobody knows which one a server goes.
    private const int MostWays = 8;

    private readonly ImmutableArray<HttpBodyField>.Builder _fields = ImmutableArray.CreateBuilder<HttpBodyField>();

    // By the index of a node: how often it was come to, how often it was found, and where it is in the object that is looked at.
    private readonly int[] _ways = new int[pointers.Nodes.Length];
    private readonly int[] _found = new int[pointers.Nodes.Length];
    private readonly List<(JsonElement Value, bool IsExact)>?[] _here = new List<(JsonElement, bool)>?[pointers.Nodes.Length];

    /// <summary>Finds them.</summary>
    /// <param name="root">The text.</param>
    /// <param name="fields">Those that are there, as often as a server could find them.</param>
    /// <returns>False: there are too many ways to one.</returns>
    public bool TryFind(JsonElement root, out ImmutableArray<HttpBodyField> fields)
    {
        bool isWhole = TryFind(root, pointers.Root, isExact: true);
        fields = _fields.DrainToImmutable();
        return isWhole;
    }

    // To the depth of the pointers, and never deeper than the text.
    private bool TryFind(JsonElement at, JsonPointers.Node node, bool isExact)
    {
        if (node.Pointer is { } pointer)
        {
            string? value = at.ValueKind switch
            {
                // Where a NUL ends a text, it is another one.
                JsonValueKind.String => at.GetString() is { } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null,
                JsonValueKind.Object or JsonValueKind.Array => null,
                _ => at.GetRawText(),
            };
            Add(node, new HttpBodyField(pointer, value, at.ValueKind == JsonValueKind.Number, isExact));
        }

        return node.Children.Count == 0
            || (at.ValueKind == JsonValueKind.Object ? TryFindMembers(at, node, isExact)
                : at.ValueKind != JsonValueKind.Array || TryFindPlaces(at, node, isExact));
    }

    private bool TryFindMembers(JsonElement at, JsonPointers.Node node, bool isExact)
    {
        foreach (JsonProperty member in at.EnumerateObject())
        {
            string name = member.Name;
            if (!TryNote(node.Named(name), name, member.Value, isExact))
            {
                return false;
            }

            // For some it ends there.
            int end = name.IndexOf('\0', StringComparison.Ordinal);
            if (end >= 0 && !TryNote(node.Named(name[..end]), name, member.Value, isExact))
            {
                return false;
            }
        }

        foreach (JsonPointers.Node child in node.Children)
        {
            if (_here[child.Index] is { Count: > 0 } here)
            {
                int[] before = here.Count > 1 ? _found[child.Index..child.End] : [];
                foreach ((JsonElement value, bool isExactHere) in here)
                {
                    if (!TryFind(value, child, isExactHere))
                    {
                        return false;
                    }
                }

                // Which of them a server goes on with, nobody can say.
                if (here.Count > 1)
                {
                    AddUnknown(child, before, here.Count);
                }

                here.Clear();
            }
        }

        return true;
    }

    private bool TryFindPlaces(JsonElement at, JsonPointers.Node node, bool isExact)
    {
        using IEnumerator<KeyValuePair<int, JsonPointers.Node>> places = node.Places.GetEnumerator();
        bool isNested = false, hasPlace = places.MoveNext();
        int index = 0;
        foreach (JsonElement element in at.EnumerateArray())
        {
            isNested |= element.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
            if (hasPlace && places.Current.Key == index)
            {
                if (!TryCome(places.Current.Value) || !TryFind(element, places.Current.Value, isExact))
                {
                    return false;
                }

                hasPlace = places.MoveNext();
            }

            index++;
        }

        // Some servers take a list of one for that one.
        foreach (JsonPointers.Node child in isNested ? node.Children : [])
        {
            if (!JsonPointer.TryIndex(child.Token, out _))
            {
                AddUnknown(child, _found.AsSpan(child.Index..child.End).ToArray(), 1);
            }
        }

        return true;
    }

    private bool TryNote(List<JsonPointers.Node>? children, string name, JsonElement value, bool isExact)
    {
        foreach (JsonPointers.Node child in children ?? [])
        {
            if (!TryCome(child))
            {
                return false;
            }

            (_here[child.Index] ??= []).Add((value, isExact && name == child.Token));
        }

        return true;
    }

    private bool TryCome(JsonPointers.Node node) => ++_ways[node.Index] <= MostWays;

    /// <summary>Adds what begins with a node, and was found less often than it had to be.</summary>
    /// <param name="node">The node.</param>
    /// <param name="before">How often each was found before.</param>
    /// <param name="times">How often each had to be found since.</param>
    private void AddUnknown(JsonPointers.Node node, ReadOnlySpan<int> before, int times)
    {
        for (int i = node.Index; i < node.End; i++)
        {
            if (pointers.Nodes[i] is { Pointer: { } pointer } one && _found[i] - before[i - node.Index] < times)
            {
                Add(one, new HttpBodyField(pointer, null, IsNumber: false, IsExact: false));
            }
        }
    }

    private void Add(JsonPointers.Node node, in HttpBodyField field)
    {
        _fields.Add(field);
        _found[node.Index]++;
    }
}
