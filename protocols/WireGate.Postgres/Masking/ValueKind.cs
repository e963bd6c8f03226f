namespace WireGate.Postgres.Masking;

/// <summary>How a value of a type can be replaced.</summary>
internal enum ValueKind
{
    /// <summary>By nothing: whatever else was written would not be of its type. The default.</summary>
    Other = 0,

    /// <summary>By a text; the same bytes in both formats.</summary>
    Text,

    /// <summary>By a JSON string; the same bytes in both formats.</summary>
    Json,

    /// <summary>By a JSON string; a version byte before it in the binary format.</summary>
    Jsonb,

    /// <summary>By character data; the same bytes in both formats.</summary>
    Xml,

    /// <summary>A number, a date, a switch: no text hides in it.</summary>
    Plain,
}

/// <summary>The types of the server whose values can be replaced. Their numbers never change.</summary>
internal static class ValueKinds
{
    public static ValueKind Of(uint type, Catalog catalog) => type switch
    {
        25 or 1043 or 1042 or 19 or 705 => ValueKind.Text,
        114 => ValueKind.Json,
        3802 => ValueKind.Jsonb,
        142 => ValueKind.Xml,
        // bool, int8, int2, int4, oid, float4, float8, date, time, timestamp, timestamptz, interval, timetz, numeric, uuid
        16 or 20 or 21 or 23 or 26 or 700 or 701 or 1082 or 1083 or 1114 or 1184 or 1186 or 1266 or 1700 or 2950 => ValueKind.Plain,
        _ => catalog.TextTypes.Contains(type) ? ValueKind.Text : ValueKind.Other,
    };
}
