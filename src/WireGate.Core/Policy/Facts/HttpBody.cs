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

    private HttpBody(long most, string? problem, ImmutableArray<HttpBodyField> fields) => (Most, Problem, Fields) = (most, problem, fields);

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
    public static HttpBody OfJson(ReadOnlyMemory<byte> body, ImmutableArray<JsonPointer> pointers)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return Unread(body.Length, "it is no UTF-8");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body, Once);
            var fields = ImmutableArray.CreateBuilder<HttpBodyField>();
            foreach (JsonPointer pointer in pointers)
            {
                Find(document.RootElement, pointer, 0, isExact: true, fields);
            }

            return new HttpBody(body.Length, null, fields.DrainToImmutable());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is about half of a surrogate pair.
            return Unread(body.Length, "it is no JSON, or has a member twice");
        }
    }

    internal static HttpBody Favorable(long most) => new(most, NotLookedAt, []) { IsFavorable = true };

    // Some servers know no case in the names of members: whatever they could take for the one that is asked for is found.
    private static void Find(JsonElement at, JsonPointer pointer, int step, bool isExact, ImmutableArray<HttpBodyField>.Builder fields)
    {
        if (step == pointer.Tokens.Length)
        {
            fields.Add(new HttpBodyField(
                pointer,
                at.ValueKind switch
                {
                    // Where a NUL ends a text, it is another one.
                    JsonValueKind.String => at.GetString() is { } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null,
                    JsonValueKind.Object or JsonValueKind.Array => null,
                    _ => at.GetRawText(),
                },
                at.ValueKind == JsonValueKind.Number,
                isExact));
            return;
        }

        string token = pointer.Tokens[step];
        if (at.ValueKind == JsonValueKind.Object)
        {
            int before = fields.Count, members = 0;
            foreach (JsonProperty member in at.EnumerateObject())
            {
                if (LooseMemberName.IsOf(member.Name, token))
                {
                    members++;
                    Find(member.Value, pointer, step + 1, isExact && member.Name == token, fields);
                }
            }

            // Which of them a server goes on with, nobody can say.
            if (members > fields.Count - before && members > 1)
            {
                fields.Add(new HttpBodyField(pointer, null, IsNumber: false, IsExact: false));
            }
        }
        else if (at.ValueKind == JsonValueKind.Array)
        {
            if (!JsonPointer.TryIndex(token, out int index))
            {
                // Some servers take a list of one for that one.
                if (at.EnumerateArray().Any(e => e.ValueKind is JsonValueKind.Object or JsonValueKind.Array))
                {
                    fields.Add(new HttpBodyField(pointer, null, IsNumber: false, IsExact: false));
                }
            }
            else if (index < at.GetArrayLength())
            {
                Find(at[index], pointer, step + 1, isExact, fields);
            }
        }
    }
}

/// <summary>A member that a rule asks for.</summary>
/// <param name="Pointer">As the rule names it.</param>
/// <param name="Value">Of a string what it means, without escapes; else its JSON text. Null: an object or an array, or a string with a NUL.</param>
/// <param name="IsNumber">It is a number, which has more than one text.</param>
/// <param name="IsExact">Its name is written as the rule has it; else only in another case.</param>
public readonly record struct HttpBodyField(JsonPointer Pointer, string? Value, bool IsNumber, bool IsExact);
