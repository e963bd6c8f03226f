using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>
/// What a real API server answered to a request, byte for byte, in Latin-1. Behind an upgrade it comes in steps, as the client's own frames came:
/// each is sent once so many of them are there.
/// </summary>
/// <param name="Request">Method and target.</param>
/// <param name="Steps">What was answered; one for all but an upgrade.</param>
internal sealed record RecordedExchange(string Request, IReadOnlyList<RecordedExchange.Step> Steps)
{
    /// <param name="After">Frames of the client's that were there before; 0: none but its request.</param>
    /// <param name="Bytes">What came then.</param>
    internal sealed record Step(int After, string Bytes);

    private static readonly JsonSerializerOptions Lines = new() { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    /// <summary>The file that keeps them, a line of JSON each.</summary>
    public static string File { get; } = Path.Combine(Places.Repository, "tests", "WireGate.EndToEnd.Tests", "Kubernetes", "kube-apiserver-1.20.2.recorded");

    public static IReadOnlyList<RecordedExchange> Load() => [.. System.IO.File.ReadLines(File).Select(line => JsonSerializer.Deserialize<RecordedExchange>(line, Lines)!)];

    public static void Save(IEnumerable<RecordedExchange> exchanges) =>
        System.IO.File.WriteAllLines(File, exchanges.Select(e => JsonSerializer.Serialize(e, Lines)));

    /// <summary>Takes apart what went over one connection.</summary>
    /// <param name="pieces">In their order; those of the client are true.</param>
    public static IEnumerable<RecordedExchange> Of(IReadOnlyList<(bool IsOfClient, byte[] Bytes)> pieces)
    {
        string? request = null;
        var asked = new List<byte>();
        var steps = new List<Step>();
        bool isUpgraded = false;
        foreach ((bool isOfClient, byte[] bytes) in pieces)
        {
            if (isOfClient && steps.Count > 0 && !isUpgraded)
            {
                yield return new RecordedExchange(request!, steps);
                (request, steps) = (null, []);
                asked.Clear();
            }

            if (isOfClient)
            {
                asked.AddRange(bytes);
                request ??= Encoding.Latin1.GetString(bytes).Split(" HTTP/1.1\r\n")[0];
                continue;
            }

            string text = Encoding.Latin1.GetString(bytes);
            if (!isUpgraded && text.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
            {
                isUpgraded = true;
                asked.Clear();
            }

            int after = isUpgraded ? SpdyFrames.Count(asked) : 0;
            if (steps is [.., var last] && last.After == after)
            {
                steps[^1] = last with { Bytes = last.Bytes + text };
            }
            else
            {
                steps.Add(new Step(after, text));
            }
        }

        if (request is not null && steps.Count > 0)
        {
            yield return new RecordedExchange(request, steps);
        }
    }
}

/// <summary>Frames of SPDY/3.1, of which each says its length in the last three of its first eight bytes.</summary>
internal static class SpdyFrames
{
    private const int Header = 8;

    /// <summary>How many whole ones there are.</summary>
    public static int Count(IReadOnlyList<byte> bytes)
    {
        int count = 0;
        for (int at = 0; at + Header <= bytes.Count; count++)
        {
            at += Header + ((bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]);
            if (at > bytes.Count)
            {
                break;
            }
        }

        return count;
    }
}
