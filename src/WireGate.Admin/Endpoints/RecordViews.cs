using System.Buffers;
using System.Text.Json;

namespace WireGate.Admin.Endpoints;

/// <summary>An audit record as it is told to whoever asks what lies behind a reference.</summary>
internal static class RecordViews
{
    // What failed while deciding, as its exception describes itself: with all that led to it, and where in the program that was.
    private const string Fault = "fault";

    /// <summary>The record, with one line of a fault: the rest is for whoever mends the program, who finds it in the log itself.</summary>
    public static JsonElement Of(JsonElement record)
    {
        if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty(Fault, out JsonElement fault) || fault.ValueKind != JsonValueKind.String)
        {
            return record;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (JsonProperty member in record.EnumerateObject().Where(m => !m.NameEquals(Fault)))
            {
                member.WriteTo(json);
            }

            json.WriteString(Fault, LineOf(fault.GetString()!));
            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>The class without its namespace, and what it says.</summary>
    private static string LineOf(string fault)
    {
        ReadOnlySpan<char> line = fault.AsSpan();
        line = line[..LengthUntil(line, "\r\n")].TrimEnd();
        return line[(line[..LengthUntil(line, ": ")].LastIndexOf('.') + 1)..].ToString();
    }

    private static int LengthUntil(ReadOnlySpan<char> text, ReadOnlySpan<char> any) => text.IndexOfAny(any) is >= 0 and int at ? at : text.Length;
}
