using System.Buffers;
using System.Globalization;
using System.Text;

namespace WireGate.Http;

/// <summary>A whole response of the gateway's own.</summary>
/// <param name="Status">Its code.</param>
/// <param name="Type">What its body is.</param>
/// <param name="Body">All of it, the line end included.</param>
internal sealed record Answer(int Status, string Type, ReadOnlyMemory<byte> Body)
{
    /// <summary>Its other fields, but for those that frame it.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields { get; init; } = [];

    /// <summary>Its head says the length of its body; else it has none, and its head is all of it.</summary>
    public bool HasLength { get; init; } = true;

    /// <summary>Writes its head.</summary>
    /// <param name="output">To the client.</param>
    /// <param name="isLast">No other follows on the connection.</param>
    /// <param name="now">The moment.</param>
    public void WriteHead(IBufferWriter<byte> output, bool isLast, DateTimeOffset now)
    {
        var head = new StringBuilder(256);
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} {Refusals.TitleOf(Status)}\r\nContent-Type: {Type}\r\n");
        if (HasLength)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        }

        foreach ((string name, string value) in Fields)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Date: {now:r}\r\n");
        head.Append("Cache-Control: no-store\r\n").Append(isLast ? "Connection: close\r\n\r\n" : "\r\n");
        output.Write(Encoding.ASCII.GetBytes(head.ToString()));
    }
}
