using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;
using WireGate.Core.Configuration;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// What is known of the body of a request: how long it is at most, and the members that rules ask for. What is not known is covered by no rule that
/// names it, and touched by each. Immutable.
/// </summary>
public sealed class HttpBody
{
    // As deep as a placeholder is looked for, too.
    private const int Deepest = 64;

    private const string NotLookedAt = "it was not looked at";

    private static readonly JsonDocumentOptions Once = new() { AllowDuplicateProperties = false, MaxDepth = Deepest };

    private readonly Dictionary<JsonPointer, (int Count, HttpBodyField Field)> _found = [];

    private HttpBody(long most, string? problem, ImmutableArray<HttpBodyField> fields)
    {
        (Most, Problem, Fields) = (most, problem, fields);
        foreach (HttpBodyField field in fields)
        {
            _found[field.Pointer] = (Count(field.Pointer, out _) + 1, field);
        }
    }

    /// <summary>There is none.</summary>
    public static HttpBody None { get; } = new(0, null, []);

    /// <summary>Nothing is known of it.</summary>
    public static HttpBody Unknown { get; } = Unread(long.MaxValue);

    /// <summary>Bytes that it has at most; <see cref="long.MaxValue"/>: any number.</summary>
    public long Most { get; }

    /// <summary>Why nobody can say what its members are, as the end of a sentence about it; null: they are known.</summary>
    public string? Problem { get; }

    /// <summary>The members that were asked for, as often as a server could find them.</summary>
    public ImmutableArray<HttpBodyField> Fields { get; }

    // Of a request that is asked about before its body is read: as if the body pleased every rule.
    internal bool IsFavorable { get; private init; }

    /// <summary>One of which only the length is known.</summary>
    /// <param name="most">Bytes that it has at most.</param>
    public static HttpBody Unread(long most) => Unread(most, NotLookedAt);

    /// <summary>One that cannot be read.</summary>
    /// <param name="most">Bytes that it has at most.</param>
    /// <param name="problem">Why, as the end of a sentence about it.</param>
    public static HttpBody Unread(long most, string problem) => new(most, problem, []);

    /// <summary>Reads one of JSON, strictly: what two servers could read as two bodies cannot be read.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="pointers">The members that are asked for.</param>
    /// <returns>Never throws.</returns>
    public static HttpBody OfJson(ReadOnlyMemory<byte> body, JsonPointers pointers)
    {
        ArgumentNullException.ThrowIfNull(pointers);
        if (!Utf8.IsValid(body.Span))
        {
            return Unread(body.Length, "it is no UTF-8");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body, Once);
            return new MemberSearch(pointers).TryFind(document.RootElement, out ImmutableArray<HttpBodyField> fields)
                ? new HttpBody(body.Length, null, fields)
                : Unread(body.Length, "it has a member in too many ways of writing it");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is about half of a surrogate pair.
            return Unread(body.Length, "it is no JSON, or has a member twice");
        }
    }

    internal static HttpBody Favorable(long most) => new(most, NotLookedAt, []) { IsFavorable = true };

    /// <summary>How often a member was found; of one that was found once, what it is.</summary>
    internal int Count(JsonPointer pointer, out HttpBodyField field)
    {
        (int count, field) = _found.GetValueOrDefault(pointer);
        return count;
    }
}

/// <summary>A member that a rule asks for.</summary>
/// <param name="Pointer">As the rule names it.</param>
/// <param name="Value">Of a string what it means, without escapes; else its JSON text. Null: an object or an array, or a string with a NUL.</param>
/// <param name="IsNumber">It is a number, which has more than one text.</param>
/// <param name="IsExact">Its name is written as the rule has it; else only in another case.</param>
public readonly record struct HttpBodyField(JsonPointer Pointer, string? Value, bool IsNumber, bool IsExact);
