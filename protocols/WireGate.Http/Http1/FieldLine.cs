namespace WireGate.Http.Http1;

/// <summary>Where a field line lies within its head. A head is shorter than 64 KiB: see <see cref="HeadScan.MostBytes"/>.</summary>
/// <param name="Name">Which name it is.</param>
/// <param name="NameStart">Where that begins.</param>
/// <param name="NameLength">Its bytes.</param>
/// <param name="ValueStart">Where the value begins, behind blanks.</param>
/// <param name="ValueLength">Its bytes, without blanks behind it.</param>
internal readonly record struct FieldLine(FieldName Name, ushort NameStart, ushort NameLength, ushort ValueStart, ushort ValueLength);
