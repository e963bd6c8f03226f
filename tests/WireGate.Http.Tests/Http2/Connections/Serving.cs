using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WireGate.Http.Http2;
using WireGate.Http.Tests.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>What serves a stream in a test.</summary>
internal static class Serving
{
    public const string Get = ":method: GET\n:scheme: https\n:path: /\n:authority: a.example\n";
    public const string Post = ":method: POST\n:scheme: https\n:path: /\n:authority: a.example\n";

    /// <summary>Reads the whole body, then answers 200 and a text.</summary>
    public static Action<Http2Stream> Text(string text) => async stream =>
    {
        using (stream)
        {
            if (await ReadAsync(stream) is null)
            {
                return;
            }

            using FieldSection head = Sections.Of(":status: 200\n");
            stream.SendHeaders(head, endStream: false);
            await stream.Output.WriteAsync(Encoding.Latin1.GetBytes(text));
            stream.Output.Complete();
        }
    };

    /// <summary>Answers 200 and sends back what comes, as it comes, and the trailers.</summary>
    public static async void Echo(Http2Stream stream)
    {
        using (stream)
        {
            using FieldSection head = Sections.Of(":status: 200\n");
            stream.SendHeaders(head, endStream: false);
            while (true)
            {
                ReadResult read;
                try
                {
                    read = await stream.Body.ReadAsync();
                }
                catch (StreamException)
                {
                    return;
                }

                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                {
                    await stream.Output.WriteAsync(segment);
                }

                stream.Body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            if (stream.Trailers is { } trailers)
            {
                stream.SendTrailers(trailers);
            }
            else
            {
                stream.Output.Complete();
            }
        }
    }

    /// <summary>All of a body; null: the stream ended before it did.</summary>
    public static async Task<string?> ReadAsync(Http2Stream stream)
    {
        var text = new StringBuilder();
        try
        {
            while (true)
            {
                ReadResult read = await stream.Body.ReadAsync();
                text.Append(Encoding.Latin1.GetString(read.Buffer.ToArray()));
                stream.Body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return text.ToString();
                }
            }
        }
        catch (StreamException)
        {
            return null;
        }
    }
}
