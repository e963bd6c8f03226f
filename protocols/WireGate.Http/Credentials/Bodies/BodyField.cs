using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy.Facts;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>Where a body has its placeholder: the whole value of one member of a JSON text, or of one field of a form.</summary>
/// <param name="Pointer">RFC 6901, as the login writes it; of a form, its field's name.</param>
/// <param name="Start">Of the value within the body; in JSON, of its quote.</param>
/// <param name="Length">Of the value, its quotes included.</param>
/// <param name="IsForm">It is written as forms are.</param>
internal sealed record BodyField(string Pointer, int Start, int Length, bool IsForm)
{
    private const int Deepest = 64;

    /// <summary>Finds the placeholder of a body, strictly: a body that two readers could read as two is none.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="isForm">It is a form; else JSON.</param>
    /// <param name="pointers">Where one may be.</param>
    /// <param name="token">Gets it; <see cref="PlaceholderToken.Length"/> bytes. The caller clears it.</param>
    /// <param name="problem">Why the body cannot be taken; null: it can, with a placeholder or without.</param>
    /// <returns>Null: there is none.</returns>
    public static BodyField? Find(ReadOnlyMemory<byte> body, bool isForm, IReadOnlyList<string> pointers, Span<byte> token, out string? problem)
    {
        problem = null;
        var search = new Search(pointers);
        try
        {
            problem = isForm ? search.InForm(body.Span, token) : search.InJson(body, token);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is about half of a surrogate pair.
            problem = "a body that is no JSON, or has a member twice";
        }

        return problem is not null ? null
            : search.Count == 0 ? null
            : search.Count == 1 && search.Found is { } found ? found
            : Misplaced(out problem);
    }

    /// <summary>Writes the body with something else in the placeholder's place.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="body">All of it.</param>
    /// <param name="value">In JSON with its quotes.</param>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> body, ReadOnlySpan<byte> value)
    {
        output.Write(body[..Start]);
        output.Write(value);
        output.Write(body[(Start + Length)..]);
    }

    private static BodyField? Misplaced(out string? problem)
    {
        problem = "a placeholder in the body where none belongs";
        return null;
    }

    private sealed class Search(IReadOnlyList<string> pointers)
    {
        public BodyField? Found { get; private set; }

        /// <summary>Placeholders anywhere.</summary>
        public int Count { get; private set; }

        public string? InForm(ReadOnlySpan<byte> body, Span<byte> token)
        {
            foreach (string pointer in pointers)
            {
                // Which of two counts is the reader's to say.
                if (pointer.StartsWith('/') && CountOf(body, Encoding.UTF8.GetBytes(Unescaped(pointer[1..]))) > 1)
                {
                    return "a field of the form twice";
                }
            }

            foreach (Range range in body.Split((byte)'&'))
            {
                (int start, int length) = range.GetOffsetAndLength(body.Length);
                ReadOnlySpan<byte> pair = body.Slice(start, length);
                int equals = pair.IndexOf((byte)'=');
                byte[] name = Decoded(equals < 0 ? pair : pair[..equals]), value = equals < 0 ? [] : Decoded(pair[(equals + 1)..]);
                Note(name);
                Note(value);
                string pointer = "/" + Escaped(Encoding.Latin1.GetString(name));
                if (pointers.Contains(pointer) && PlaceholderToken.TryParse(value, out _))
                {
                    value.CopyTo(token);
                    Found = new BodyField(pointer, start + equals + 1, length - equals - 1, IsForm: true);
                }
            }

            return null;
        }

        public string? InJson(ReadOnlyMemory<byte> body, Span<byte> token)
        {
            if (!Utf8.IsValid(body.Span) || body.Span.StartsWith("\uFEFF"u8))
            {
                return "a body that is no UTF-8, or says so";
            }

            // Names that are the same are found here, however they are written.
            using (JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Deepest }))
            {
                foreach (string pointer in pointers)
                {
                    if (pointer.StartsWith('/') && IsTwice(document.RootElement, [.. pointer[1..].Split('/').Select(Unescaped)]))
                    {
                        return "a member twice";
                    }
                }
            }

            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = Deepest });
            var path = new Stack<Step>();
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        Note(Unescaped(ref reader));
                        path.Peek().Name = reader.GetString()!;
                        continue;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        path.Pop();
                        continue;
                    default:
                        break;
                }

                if (path.TryPeek(out Step? parent) && parent.IsArray)
                {
                    parent.Index++;
                }

                if (reader.TokenType == JsonTokenType.String)
                {
                    byte[] text = Unescaped(ref reader);
                    Note(text);
                    if (PlaceholderToken.TryParse(text, out _) && PointerOf(path) is var pointer && pointers.Contains(pointer))
                    {
                        text.CopyTo(token);
                        Found = new BodyField(pointer, (int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex), IsForm: false);
                    }
                }
                else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    path.Push(new Step { IsArray = reader.TokenType == JsonTokenType.StartArray });
                }
            }

            return null;
        }

        private static string PointerOf(Stack<Step> path) => string.Concat(path.Reverse().Select(
            s => "/" + (s.IsArray ? s.Index.ToString(CultureInfo.InvariantCulture) : Escaped(s.Name))));

        // Fields that some server takes for it. Some begin the next one at a semicolon.
        private static int CountOf(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
        {
            int count = 0;
            foreach (Range range in body.SplitAny("&;"u8))
            {
                count += LooseName.IsOf(body[range], name) ? 1 : 0;
            }

            return count;
        }

        // On the way to a member, whether some reader takes two for one: which of them counts is the reader's to say.
        private static bool IsTwice(JsonElement at, ReadOnlySpan<string> tokens)
        {
            if (tokens.IsEmpty || at.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            {
                return false;
            }

            if (at.ValueKind == JsonValueKind.Array)
            {
                return JsonPointer.TryIndex(tokens[0], out int index) && index < at.GetArrayLength() && IsTwice(at[index], tokens[1..]);
            }

            int count = 0;
            byte[] name = Encoding.UTF8.GetBytes(tokens[0]);
            foreach (JsonProperty member in at.EnumerateObject())
            {
                if (LooseMemberName.IsOf(member.Name, tokens[0]) || LooseName.IsOf(Encoding.UTF8.GetBytes(member.Name), name))
                {
                    count++;
                    if (count > 1 || IsTwice(member.Value, tokens[1..]))
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        // RFC 6901 section 3.
        private static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

        // Section 4.
        private static string Unescaped(string token) => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

        private static byte[] Unescaped(ref Utf8JsonReader reader)
        {
            byte[] text = new byte[reader.ValueSpan.Length];
            return text[..reader.CopyString(text)];
        }

        // %XX, and + for a blank
        private static byte[] Decoded(ReadOnlySpan<byte> text)
        {
            byte[] decoded = new byte[text.Length];
            int length = 0;
            for (int i = 0; i < text.Length; i++)
            {
                bool isEscape = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2]);
                decoded[length++] = isEscape ? Convert.FromHexString([(char)text[i + 1], (char)text[i + 2]])[0] : text[i] == '+' ? (byte)' ' : text[i];
                i += isEscape ? 2 : 0;
            }

            return decoded[..length];
        }

        private void Note(ReadOnlySpan<byte> text) => Count += PlaceholderToken.Count(text);

        private sealed class Step
        {
            public bool IsArray { get; init; }

            public int Index { get; set; } = -1;

            public string Name { get; set; } = "";
        }
    }
}
