"""Merchant API: submit bulk jobs, read their progress and the result of each row."""

from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, Q
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.fields import RowsField, StrictSerializer, validated, validated_query
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation, write_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.throttles import BatchThrottle, ClientThrottle
from storefront.api.core.views import StrictJSON, find_row
from storefront.api.merchant.catalog import bulk, tasks
from storefront.api.merchant.catalog.bulk import PriceRow, ProductRow, VariantRow
from storefront.api.merchant.catalog.stock import SetStockSerializer
from storefront.api.models import BulkJob, BulkJobRow, Scope
from storefront.lib.tasks import enqueue

TAG = "bulk jobs"
MAX_ROWS = 1000
MAX_BYTES = 1_000_000


class BulkParser(StrictJSON):
    max_bytes = MAX_BYTES


class JobSerializer(ResourceSerializer):
    """A bulk job and its progress, in rows."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    operation = serializers.ChoiceField(choices=BulkJob.Operation.choices)
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True, help_text="Null: in progress.")
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    refused = serializers.IntegerField()

    def get_url(self, job: BulkJob) -> str:
        return job_url(job)


class JobRowSerializer(ResourceSerializer):
    """One row: its place in the request, beginning with 0, and what became of it."""

    key: ClassVar = "position"

    position = serializers.IntegerField()
    result = serializers.ChoiceField(choices=BulkJobRow.Result.choices)
    detail = serializers.DictField(
        help_text="Of a refused row: the problem. Of a price: its result and reason."
    )


class RowFilter(serializers.Serializer[Any]):
    result = serializers.ChoiceField(choices=BulkJobRow.Result.values, required=False)


def _rows(row: type[StrictSerializer]) -> RowsField:
    return RowsField(row, child=serializers.DictField(), max_length=MAX_ROWS)


class ProductJobSerializer(StrictSerializer):
    rows = _rows(ProductRow)


class VariantJobSerializer(StrictSerializer):
    rows = _rows(VariantRow)


class PriceJobSerializer(StrictSerializer):
    rows = _rows(PriceRow)


class StockJobSerializer(StrictSerializer):
    rows = _rows(SetStockSerializer)


bulk_operation = partial(
    write_operation,
    tag=TAG,
    description=f"Up to {MAX_ROWS} rows and {MAX_BYTES} bytes, 20 jobs a minute. A worker does the"
    " rows one by one, each once; an invalid row refuses no other. Read the job at the address in"
    " Location until completed_at is set",
    answers={202: JobSerializer},
    is_new=True,
)


class BulkEndpoint(MerchantEndpoint):
    parser_classes = [BulkParser]
    throttle_classes = [ClientThrottle, BatchThrottle]

    def submit(
        self, request: Request, body: type[StrictSerializer], operation: BulkJob.Operation
    ) -> Response:
        """Store a job once, queue it, and return it."""

        def work(_attempt: Attempt) -> Response:
            rows = validated(body, request)["rows"]
            job = bulk.create_job(key=self.client.key, operation=operation, rows=rows, now=self.now)
            enqueue(tasks.run_job, job_id=job.pk)
            response = self.show(request, find_job(self, job.pk), JobSerializer, status=202)
            response.headers["Location"] = job_url(job)
            return response

        return self.run_once(request, work)


class BulkProducts(BulkEndpoint):
    @bulk_operation(
        name="create_product_job",
        summary="Change many products",
        body=ProductJobSerializer,
        scope=Scope.PRODUCTS_WRITE,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, ProductJobSerializer, BulkJob.Operation.PRODUCTS)


class BulkVariants(BulkEndpoint):
    @bulk_operation(
        name="create_variant_job",
        summary="Change many variants",
        body=VariantJobSerializer,
        scope=Scope.PRODUCTS_WRITE,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, VariantJobSerializer, BulkJob.Operation.VARIANTS)


class BulkPrices(BulkEndpoint):
    @bulk_operation(
        name="create_price_job",
        summary="Set many prices",
        body=PriceJobSerializer,
        scope=Scope.PRICES_WRITE,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, PriceJobSerializer, BulkJob.Operation.PRICES)


class BulkStock(BulkEndpoint):
    @bulk_operation(
        name="create_stock_job",
        summary="Set the stock of many items",
        body=StockJobSerializer,
        scope=Scope.INVENTORY_WRITE,
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, StockJobSerializer, BulkJob.Operation.STOCK)


class JobDetail(MerchantEndpoint):
    @read_operation(
        name="get_job",
        tag=TAG,
        summary="Retrieve a bulk job and its progress",
        serializer=JobSerializer,
        scope=Scope.JOBS_READ,
    )
    def get(self, request: Request, job_id: int) -> Response:
        return self.show(request, find_job(self, job_id), JobSerializer)


class JobRows(MerchantEndpoint):
    @list_operation(
        name="list_job_rows",
        tag=TAG,
        summary="List the rows of a bulk job with their results",
        serializer=JobRowSerializer,
        scope=Scope.JOBS_READ,
        filters=(OpenApiParameter("result", str, enum=BulkJobRow.Result.values),),
        problems=(problem_types.OBJECT_NOT_FOUND,),
    )
    def get(self, request: Request, job_id: int) -> Response:
        wanted = validated_query(RowFilter, request.query_params)
        rows = BulkJobRow.objects.filter(job=find_job(self, job_id), **wanted)
        return self.show_page(request, rows, JobRowSerializer, order=("position",))


def find_job(endpoint: MerchantEndpoint, pk: int) -> BulkJob:
    """Return a job of the client's key with its progress. Raises ProblemError."""
    counts = {
        "total": Count("rows"),
        "done": Count("rows", filter=Q(rows__result=BulkJobRow.Result.DONE)),
        "refused": Count("rows", filter=Q(rows__result=BulkJobRow.Result.REFUSED)),
    }
    return find_row(BulkJob.objects.filter(key=endpoint.client.key).annotate(**counts), pk=pk)


def job_url(job: BulkJob) -> str:
    return f"{settings.PUBLIC_URL}/api/v1/admin/jobs/{job.pk}/"
