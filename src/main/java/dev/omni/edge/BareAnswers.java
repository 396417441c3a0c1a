package dev.omni.edge;

import dev.omni.problem.Problem;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Refusals;
import dev.omni.problem.RequestId;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import jakarta.inject.Singleton;
import java.util.UUID;

/** Answers to what never became a request: they look like all others, though no route has seen them. */
@Singleton
class BareAnswers {
    private final Refusals refusals;

    BareAnswers(Refusals refusals) {
        this.refusals = refusals;
    }

    FullHttpResponse of(ProblemException refusal) {
        String requestId = UUID.randomUUID().toString();
        byte[] body = refusals.body(refusal, requestId);
        FullHttpResponse answer = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(refusal.code().status()),
                Unpooled.wrappedBuffer(body));
        HttpHeaders headers = answer.headers();
        refusals.headers().forEach(headers::set);
        headers.set(HttpHeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                .set(RequestId.HEADER, requestId);
        return answer;
    }
}
