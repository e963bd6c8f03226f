using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy.Facts;

/// <summary>The members of a JSON text that are asked for, made ready so that they are all found in one pass. Immutable.</summary>
[CollectionBuilder(typeof(JsonPointers), nameof(Of))]
public sealed class JsonPointers : IEnumerable<JsonPointer>
{
    private readonly ImmutableArray<JsonPointer> _pointers;

    private JsonPointers(ReadOnlySpan<JsonPointer> pointers)
    {
        _pointers = [.. pointers.ToArray().Distinct()];
        foreach (JsonPointer pointer in _pointers)
        {
            Root.Add(pointer, 0);
        }

        var nodes = ImmutableArray.CreateBuilder<Node>();
        Root.AddTo(nodes);
        Nodes = nodes.DrainToImmutable();
    }

    /// <summary>None is asked for.</summary>
    public bool IsEmpty => _pointers.IsEmpty;

    // What all of them begin with.
    internal Node Root { get; } = new("");

    // By their indexes.
    internal ImmutableArray<Node> Nodes { get; }

    /// <summary>Of these, each once.</summary>
    public static JsonPointers Of(ReadOnlySpan<JsonPointer> pointers) => new(pointers);

    /// <inheritdoc/>
    public IEnumerator<JsonPointer> GetEnumerator() => ((IEnumerable<JsonPointer>)_pointers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>What some of them begin with.</summary>
    /// <param name="token">The last token of it.</param>
    internal sealed class Node(string token)
    {
        // Those that some reader takes for one name are together, as it may be each of them.
        private readonly Dictionary<string, List<Node>> _named = new(LooseMemberName.Comparer);
        private readonly SortedDictionary<int, Node> _placed = [];

        public string Token { get; } = token;

        /// <summary>The one that ends here; null: none does.</summary>
        public JsonPointer? Pointer { get; private set; }

        public List<Node> Children { get; } = [];

        /// <summary>Its place among all nodes: what begins with it comes right behind it.</summary>
        public int Index { get; private set; }

        /// <summary>Behind the last of what begins with it.</summary>
        public int End { get; private set; }

        /// <summary>Those that are places in an array, from the first on.</summary>
        public IEnumerable<KeyValuePair<int, Node>> Places => _placed;

        /// <summary>Those that a member may be, by its name.</summary>
        public List<Node>? Named(string name) => _named.GetValueOrDefault(name);

        public void Add(JsonPointer pointer, int step)
        {
            if (step == pointer.Tokens.Length)
            {
                Pointer = pointer;
                return;
            }

            string token = pointer.Tokens[step];
            Node? child = Named(token)?.Find(c => c.Token == token);
            if (child is null)
            {
                child = new Node(token);
                Children.Add(child);
                if (!_named.TryAdd(token, [child]))
                {
                    _named[token].Add(child);
                }

                if (JsonPointer.TryIndex(token, out int index))
                {
                    _placed.Add(index, child);
                }
            }

            child.Add(pointer, step + 1);
        }

        public void AddTo(ImmutableArray<Node>.Builder nodes)
        {
            Index = nodes.Count;
            nodes.Add(this);
            foreach (Node child in Children)
            {
                child.AddTo(nodes);
            }

            End = nodes.Count;
        }
    }
}
